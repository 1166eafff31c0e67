import assert from "node:assert/strict";
import type { Ip } from "../../src/model/address.ts";
import {
  hostRule,
  hostRulesText,
  ofFamily,
} from "../../src/redirect/host_plan.ts";
import { DEFAULT_PROBE_SOURCES } from "../../src/redirect/plan.ts";
import { parseRuleset } from "../../src/redirect/ruleset.ts";

const owner = { name: "node-1", probeSources: DEFAULT_PROBE_SOURCES };
const other = { ...owner, name: "node-10" };
const [one, two] = ["10.0.0.1" as Ip, "10.0.0.2" as Ip];
const rule = (ip: Ip, by = owner) => hostRule(by, ip);

const found = (postrouting: string[], chain?: string[]) =>
  parseRuleset([
    "*nat",
    ":POSTROUTING ACCEPT [0:0]",
    ...(chain === undefined ? [] : [":ISTIO_POSTRT - [0:0]"]),
    ...postrouting.map((text) => `-A POSTROUTING ${text}`),
    ...(chain ?? []).map((text) => `-A ISTIO_POSTRT ${text}`),
    "COMMIT",
  ].join("\n"));

Deno.test("hostRule() matches what a socket of the node sends to one pod", () => {
  assert.equal(
    rule(one),
    '-d 10.0.0.1/32 -p tcp -m owner --socket-exists -m comment --comment "hairpin node-1" -j SNAT --to-source 169.254.7.127',
  );
  assert.match(
    rule("fd00::1" as Ip),
    /^-d fd00::1\/128 .* --to-source fd16:9254:7127:1337:ffff:ffff:ffff:ffff$/,
  );
});

const MASQUERADE = "-s 10.0.0.0/8 -j MASQUERADE";
const JUMP = "-j ISTIO_POSTRT";
const rows: [
  name: string,
  ruleset: ReturnType<typeof found>,
  ips: Ip[],
  lines: string[],
][] = [
  ["makes chain and jump, the jump first", found([MASQUERADE]), [one], [
    "-N ISTIO_POSTRT",
    `-A ISTIO_POSTRT ${rule(one)}`,
    "-I POSTROUTING 1 -j ISTIO_POSTRT",
  ]],
  [
    "does nothing when all is so",
    found([JUMP, MASQUERADE], [rule(one)]),
    [one],
    [],
  ],
  ["does nothing for nothing", found([MASQUERADE]), [], []],
  ["adds and deletes just what differs", found([JUMP], [rule(one)]), [two], [
    `-D ISTIO_POSTRT ${rule(one)}`,
    `-A ISTIO_POSTRT ${rule(two)}`,
  ]],
  [
    "brings the jump back to the front",
    found([MASQUERADE, JUMP], [rule(one)]),
    [one],
    [
      "-D POSTROUTING -j ISTIO_POSTRT",
      "-I POSTROUTING 1 -j ISTIO_POSTRT",
    ],
  ],
  ["leaves no trace without addresses", found([JUMP], [rule(one)]), [], [
    `-D ISTIO_POSTRT ${rule(one)}`,
    "-D POSTROUTING -j ISTIO_POSTRT",
    "-X ISTIO_POSTRT",
  ]],
  [
    "leaves another owner's rules and the chain",
    found([JUMP], [rule(one), rule(one, other)]),
    [],
    [
      `-D ISTIO_POSTRT ${rule(one)}`,
    ],
  ],
  [
    "has its own rule beside another owner's",
    found([JUMP], [rule(one, other)]),
    [one],
    [
      `-A ISTIO_POSTRT ${rule(one)}`,
    ],
  ],
];
for (const [name, ruleset, ips, lines] of rows) {
  Deno.test(`hostRulesText() ${name}`, () => {
    const text = lines.length === 0
      ? ""
      : ["*nat", ...lines, "COMMIT", ""].join("\n");
    assert.equal(hostRulesText(ruleset, owner, ips), text);
  });
}

Deno.test("ofFamily() tells the families apart", () => {
  const ips = [one, "fd00::1" as Ip];
  assert.deepEqual(ofFamily(ips, 4), [one]);
  assert.deepEqual(ofFamily(ips, 6), ["fd00::1"]);
});
