import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CPU_QUANTITY,
  DESTINATION,
  duration,
  LISTEN,
  LOG_FILTER,
  wholeNumber,
} from "../../src/config/values.ts";

const HOUR_MS = 3_600_000;

const durations: [text: string, ms: number | undefined][] = [
  ["0", 0],
  ["7", 7_000],
  ["500ms", 500],
  ["1m30s", 90_000],
  ["1h0m1ms", HOUR_MS + 1],
  ["1d", 24 * HOUR_MS],
  ["", undefined],
  ["s", undefined],
  ["1.5s", undefined],
  ["1 s", undefined],
  ["1s ", undefined],
  ["1us", undefined],
  ["1s2", undefined],
  ["+1s", undefined],
];
for (const [text, ms] of durations) {
  Deno.test(`duration() reads ${JSON.stringify(text)} as ${ms} ms`, () => {
    assert.equal(duration(0, 1e9).read(text), ms);
  });
}

Deno.test("duration() adds its parts up", () => {
  const part = fc.nat(1_000);
  fc.assert(fc.property(part, part, part, (h, m, s) => {
    const want = h * HOUR_MS + m * 60_000 + s * 1_000;
    assert.equal(duration(0, 1e12).read(`${h}h${m}m${s}s`), want);
  }));
});

Deno.test("wholeNumber() takes exactly the numbers of its range", () => {
  const kind = wholeNumber(10, 99);
  fc.assert(fc.property(fc.integer({ min: -200, max: 200 }), (n) => {
    const want = n >= 10 && n <= 99 ? n : undefined;
    assert.equal(kind.read(String(n)), want);
  }));
});

Deno.test("value kinds read any text without throwing", () => {
  const kinds = [CPU_QUANTITY, DESTINATION, LISTEN, LOG_FILTER];
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    for (const kind of kinds) kind.read(text);
  }));
});

Deno.test("LISTEN writes an address in its canonical form", () => {
  assert.deepEqual(LISTEN.read("[FD00:0::1]:80"), {
    host: "fd00::1",
    port: 80,
  });
  assert.deepEqual(LISTEN.read("[::ffff:1.2.3.4]:80"), {
    host: "1.2.3.4",
    port: 80,
  });
});
