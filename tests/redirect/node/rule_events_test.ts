import assert from "node:assert/strict";
import { mayConcernNode } from "../../../src/redirect/node/rule_events.ts";

const text = (value: string) => new TextEncoder().encode(value);
const NEWLINK = 16;
const NEWROUTE = 24;
const DELRULE = 33;
const NFT = 0xa02;

const rows: [name: string, type: number, payload: Uint8Array, may: boolean][] =
  [
    ["a table of its own", NFT, text("\0\0hairpin-node\0\0"), true],
    ["another's table", NFT, text("kube-proxy\0hairpin\0node\0"), false],
    ["a table that is named almost so", NFT, text("hairpin-node-2\0"), false],
    ["its device", NEWLINK, text("\x11\0\x03\0hairpin-node\0"), true],
    ["another link", NEWLINK, text("veth7\0"), false],
    ["any rule of routing", DELRULE, text("\x02"), true],
    [
      "its table of routes",
      NEWROUTE,
      Uint8Array.of(2, 0, 0x9e, 0x3a, 0, 0),
      true,
    ],
    [
      "another table of routes",
      NEWROUTE,
      Uint8Array.of(2, 0, 0x9e, 0x3b, 0),
      false,
    ],
    ["its end of the device", 21, Uint8Array.of(2, 30, 169, 254, 15, 1), true],
    ["another's address", 21, Uint8Array.of(2, 24, 169, 254, 15, 3), false],
    ["what ends in the midst of a sign", NFT, text("hairpin-n"), false],
    ["nothing", NFT, new Uint8Array(), false],
  ];
for (const [name, type, payload, may] of rows) {
  Deno.test(`mayConcernNode() says ${may} to ${name}`, () => {
    assert.equal(mayConcernNode({ type, payload }), may);
  });
}
