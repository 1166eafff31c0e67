import assert from "node:assert/strict";
import { compareRules, hasResidue } from "../../src/redirect/compare.ts";
import { guardrailText } from "../../src/redirect/guardrails.ts";
import {
  DEFAULT_REDIRECT_OPTIONS,
  planRedirect,
} from "../../src/redirect/plan.ts";
import { parseRuleset } from "../../src/redirect/ruleset.ts";
import { TARGET, TARGET_WITH_DNS } from "./target_state.ts";

const [v4, v6] = planRedirect(DEFAULT_REDIRECT_OPTIONS);
const compare = (text: string) => compareRules(v4!, parseRuleset(text));

Deno.test("compareRules() finds no difference in the target state", () => {
  assert.deepEqual(compare(TARGET[4]), []);
  assert.deepEqual(compareRules(v6!, parseRuleset(TARGET[6])), []);
});

Deno.test("compareRules() does not mind counters and rules of others", () => {
  const foreign = TARGET[4]
    .replace(":OUTPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [7:420]\n:OTHER - [0:0]")
    .replace(
      "-A OUTPUT -j ISTIO",
      "-A OUTPUT -p udp -j OTHER\n-A OUTPUT -j ISTIO",
    ) +
    "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n";
  assert.deepEqual(compare(foreign), []);
});

const LAST =
  "! -d 127.0.0.1/32 -p tcp -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15001";
const ACCEPT = "-A ISTIO_OUTPUT -p tcp -m mark --mark 0x111/0xfff -j ACCEPT\n";
const LOOPBACK = "-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -j ACCEPT\n";
const rows: [
  name: string,
  change: (text: string) => string,
  lines: string[],
][] = [
  [
    "a rule that is missing",
    (t) => t.replace(`-A ISTIO_OUTPUT ${LAST}\n`, ""),
    [
      `IPv4 nat: rule "-A ISTIO_OUTPUT ${LAST}" is missing`,
    ],
  ],
  ["a rule that is wrong", (t) => t.replace("15001", "15002"), [
    `IPv4 nat: rule "-A ISTIO_OUTPUT ${LAST}" is missing`,
    `IPv4 nat: rule "-A ISTIO_OUTPUT ${
      LAST.replace("15001", "15002")
    }" is not expected`,
  ]],
  ["a rule that is there twice", (t) => t.replace(ACCEPT, ACCEPT + ACCEPT), [
    `IPv4 nat: rule "-A ISTIO_OUTPUT -p tcp -m mark --mark 0x111/0xfff -j ACCEPT" is not expected`,
  ]],
  [
    "rules in another order",
    (t) => t.replace(ACCEPT + LOOPBACK, LOOPBACK + ACCEPT),
    [
      'IPv4 nat: rule "-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -j ACCEPT" stands where "-A ISTIO_OUTPUT -p tcp -m mark --mark 0x111/0xfff -j ACCEPT" should',
    ],
  ],
  [
    "a jump that is missing",
    (t) => t.replace("-A PREROUTING -j ISTIO_PRERT\n", ""),
    [
      'IPv4 mangle: rule "-A PREROUTING -j ISTIO_PRERT" is missing',
    ],
  ],
  [
    "a jump that is there twice",
    (t) => t.replace("-A OUTPUT -j ISTIO_OUTPUT\n", "$&$&"),
    [
      'IPv4 mangle: rule "-A OUTPUT -j ISTIO_OUTPUT" is there twice',
    ],
  ],
  [
    "a jump from elsewhere",
    (t) => t.replace("-A OUTPUT -j", "-A INPUT -p tcp -j ISTIO_PRERT\n$&"),
    [
      'IPv4 mangle: rule "-A INPUT -p tcp -j ISTIO_PRERT" is not expected',
    ],
  ],
  [
    "a chain that is not expected",
    (t) => t.replace(":ISTIO_OUTPUT -", ":ISTIO_OLD - [0:0]\n$&"),
    [
      "IPv4 mangle: chain ISTIO_OLD is not expected",
    ],
  ],
  ["a table that is missing", (t) => t.slice(t.indexOf("*nat")), [
    'IPv4 mangle: rule "-A PREROUTING -j ISTIO_PRERT" is missing',
    'IPv4 mangle: rule "-A OUTPUT -j ISTIO_OUTPUT" is missing',
    "IPv4 mangle: chain ISTIO_OUTPUT is missing",
    "IPv4 mangle: chain ISTIO_PRERT is missing",
  ]],
];
for (const [name, change, lines] of rows) {
  Deno.test(`compareRules() names ${name}`, () => {
    assert.deepEqual(compare(change(TARGET[4])), lines);
  });
}

Deno.test("compareRules() names chains of a table that is not planned", () => {
  assert.deepEqual(
    compare(TARGET_WITH_DNS[4]).filter((line) => line.startsWith("IPv4 raw")),
    [
      'IPv4 raw: rule "-A PREROUTING -j ISTIO_PRERT" is not expected',
      'IPv4 raw: rule "-A OUTPUT -j ISTIO_OUTPUT" is not expected',
      "IPv4 raw: chain ISTIO_OUTPUT is not expected",
      "IPv4 raw: chain ISTIO_PRERT is not expected",
    ],
  );
});

Deno.test("compareRules() names guardrails that a crash left", () => {
  const left = guardrailText(parseRuleset("")).replaceAll(
    /-I (\w+) 1/g,
    "-A $1",
  );
  const text = left.replace(
    "*filter\n",
    "*filter\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:FORWARD ACCEPT\n",
  );
  const lines = compare(TARGET[4] + text);
  assert.equal(lines.length, 6);
  assert.match(
    lines[0]!,
    /^IPv4 filter: rule "-A \w+ .*" was left by a repair cut short$/,
  );
});

Deno.test("hasResidue() sees chains of any redirector, and no others", () => {
  assert.equal(hasResidue(parseRuleset(TARGET[4])), true);
  assert.equal(hasResidue(parseRuleset("*filter\n:ISTIO_X -\nCOMMIT")), true);
  assert.equal(hasResidue(parseRuleset("*nat\n:KUBE -\nCOMMIT")), false);
});
