import assert from "node:assert/strict";
import { meaningOf, ruleLine } from "../../../src/redirect/nft/rule.ts";
import { readRule } from "../../../src/redirect/nft/rule_json.ts";

const meta = (key: string) => ({ meta: { key } });
const ctMark = { ct: { key: "mark" } };
const match = (left: unknown, right: unknown, op = "==") => ({
  match: { op, left, right },
});
const payload = (protocol: string, field: string) => ({
  payload: { protocol, field },
});
const setMark = (mask: number) => ({
  mangle: { key: ctMark, value: { "|": [{ "&": [ctMark, mask] }, 0x111] } },
});

const rows: [name: string, statements: unknown[], line: string][] = [
  [
    "of a protocol and an address",
    [
      match(meta("l4proto"), "tcp"),
      match(payload("ip", "saddr"), "169.254.7.127"),
      { counter: { packets: 3, bytes: 180 } },
      { accept: null },
    ],
    "meta l4proto tcp ip saddr 169.254.7.127 counter accept",
  ],
  [
    "of a protocol by number",
    [match(meta("l4proto"), 17), { drop: null }],
    "meta l4proto udp counter drop",
  ],
  [
    "of masked marks",
    [match({ "&": [meta("mark"), 4095] }, 1337, "!="), {
      redirect: { port: 15001 },
    }],
    "meta mark & 0xfff != 0x539 counter redirect to :15001",
  ],
  [
    "of an interface",
    [match(meta("iifname"), "vnet*"), { return: null }],
    'iifname "vnet*" counter return',
  ],
  [
    "of a prefix that is a whole address",
    [
      match(
        payload("ip6", "daddr"),
        { prefix: { addr: "::1", len: 128 } },
        "!=",
      ),
      { jump: { target: "x" } },
    ],
    "ip6 daddr != ::1 counter jump x",
  ],
  [
    "of a prefix",
    [
      match(payload("ip", "daddr"), { prefix: { addr: "10.0.0.0", len: 8 } }),
      { goto: { target: "x" } },
    ],
    "ip daddr 10.0.0.0/8 counter goto x",
  ],
  [
    "of a mark, as the kernel gives it back",
    [setMark(0xfffff111)],
    "counter ct mark set ct mark & 0xfffff000 | 0x111",
  ],
  [
    "of a mark, as it was written",
    [setMark(0xfffff000)],
    "counter ct mark set ct mark & 0xfffff000 | 0x111",
  ],
  [
    "of a mark that is carried over",
    [{ mangle: { key: meta("mark"), value: ctMark } }],
    "counter meta mark set ct mark",
  ],
  [
    "of a conntrack zone",
    [{ mangle: { key: { ct: { key: "zone" } }, value: 1 } }],
    "counter ct zone set 1",
  ],
  [
    "of a source's translation",
    [match(payload("ip", "daddr"), "@pods"), {
      snat: { family: "ip", addr: "169.254.7.127" },
    }],
    "ip daddr @pods counter snat ip to 169.254.7.127",
  ],
];
for (const [name, statements, line] of rows) {
  Deno.test(`readRule() reads a rule ${name}`, () => {
    assert.equal(ruleLine(readRule(statements)), line);
  });
}

const unknown: [name: string, statement: unknown][] = [
  ["another action", { reject: { type: "tcp reset" } }],
  ["a set in place", match(payload("ip", "daddr"), { set: ["10.0.0.1"] })],
  ["a redirection with options", { redirect: { port: 1, flags: "random" } }],
  ["a translation with a port", {
    snat: { family: "ip", addr: "10.0.0.1", port: 5 },
  }],
  ["a reply's conntrack key", match({ ct: { key: "mark", dir: "reply" } }, 1)],
  ["bits of bits", match({ "&": [{ "&": [{}, 1] }, 2] }, 1)],
  ["no object", "accept"],
  ["nothing", null],
];
for (const [name, statement] of unknown) {
  Deno.test(`readRule() keeps ${name} as it is`, () => {
    const line = ruleLine(readRule([statement]));
    assert.ok(line.includes(JSON.stringify(statement)), line);
  });
}

const same: [name: string, a: string[], b: string[]][] = [
  ["conditions in another order", ["tcp dport 53", "ip daddr 10.0.0.1"], [
    "ip daddr 10.0.0.1",
    "tcp dport 53",
  ]],
  ["a protocol that a port names already", ["tcp dport 53"], [
    "meta l4proto tcp",
    "tcp dport 53",
  ]],
  ["a family that an address names already", ["ip6 daddr ::1"], [
    "meta nfproto ipv6",
    "ip6 daddr ::1",
  ]],
];
for (const [name, a, b] of same) {
  Deno.test(`meaningOf() is the same with ${name}`, () => {
    const action = "accept";
    assert.equal(
      meaningOf({ matches: a, action }),
      meaningOf({ matches: b, action }),
    );
  });
}

Deno.test("meaningOf() tells apart what only one packet of two meets", () => {
  const action = "accept";
  const all = [["meta l4proto tcp"], ["tcp dport 53"], [
    "meta l4proto udp",
    "tcp dport 53",
  ], []].map((matches) => meaningOf({ matches, action }));
  assert.equal(new Set(all).size, all.length);
});
