import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import {
  FILTER_TEXT_MAX,
  formatFilter,
  levelFor,
  LOG_LEVELS,
  mergeFilters,
  parseFilter,
} from "../../src/telemetry/log_filter.ts";

const formatted: [text: string, shown: string][] = [
  ["info", "info"],
  ["INFO,access=Debug", "access=debug,info"],
  ["hickory_server::server=off,info", "hickory_server::server=off,info"],
  ["debug,info", "info"],
  ["a=warn,bb=trace,error", "bb=trace,a=warn,error"],
  ["a=warn,b=warn", "b=warn,a=warn"],
  [" info , dns=off ", "dns=off,info"],
  [
    "access:debug,ztunnel::proxy:warn,info",
    "ztunnel::proxy=warn,access=debug,info",
  ],
];
for (const [text, shown] of formatted) {
  Deno.test(`parseFilter() reads "${text}" as "${shown}"`, () => {
    equal(formatFilter(parseFilter(text)!), shown);
  });
}

const refused = [
  "",
  "loud",
  "access:loud",
  ":info",
  "access::info",
  "a:b:info:",
  "ztunnel::proxy",
  "info,",
  "=info",
  "a=",
  "a=b=info",
  "a b=info",
  "a\n=info",
  `${"a".repeat(FILTER_TEXT_MAX)}=info`,
];
for (const text of refused) {
  Deno.test(`parseFilter() refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
    equal(parseFilter(text), undefined);
  });
}

const decided: [filter: string, target: string, level: string][] = [
  ["info", "ztunnel::proxy", "info"],
  ["access=debug", "ztunnel::proxy", "off"],
  ["info,ztunnel::proxy=trace", "ztunnel::proxy::inbound", "trace"],
  ["info,ztunnel::proxy=trace", "ztunnel::xds", "info"],
  ["ztunnel::proxy=trace,ztunnel=warn,info", "ztunnel::proxy", "trace"],
];
for (const [filter, target, level] of decided) {
  Deno.test(`levelFor() gives ${target} ${level} under "${filter}"`, () => {
    equal(levelFor(parseFilter(filter)!, target), level);
  });
}

Deno.test("mergeFilters() lets the second win and keeps the rest", () => {
  const merged = mergeFilters(
    parseFilter("info,access=warn")!,
    parseFilter("access=off,dns=debug")!,
  );
  equal(formatFilter(merged!), "access=off,dns=debug,info");
});

Deno.test("mergeFilters() refuses what could not be read back", () => {
  const half = (letter: string) =>
    parseFilter(`${letter.repeat(FILTER_TEXT_MAX - 10)}=info`)!;
  equal(mergeFilters(half("a"), half("b")), undefined);
});

Deno.test("formatFilter() writes what parseFilter() reads back", () => {
  const filters = fc.dictionary(
    fc.stringMatching(/^[a-z:_]{0,8}$/),
    fc.constantFrom(...LOG_LEVELS),
    { minKeys: 1 },
  );
  fc.assert(fc.property(filters, (entries) => {
    const filter = new Map(Object.entries(entries));
    const back = parseFilter(formatFilter(filter))!;
    deepEqual([...back].sort(), [...filter].sort());
  }));
});
