import assert from "node:assert/strict";
import {
  chooseLane,
  type LaneName,
  type Rules,
} from "../../../src/net/kernel_lane/choose_lane.ts";

const joinAfter = { chunks: 16, chunkOctetsMax: 100 };
const spliceAfter = { octets: 1_000, chunkOctetsMin: 100 };
const both = { joinAfter, spliceAfter };

const ROWS: readonly [
  name: string,
  seen: readonly [chunks: number, octets: number, recentOctets?: number],
  rules: Rules,
  lane: LaneName | undefined,
][] = [
  ["waits for enough chunks", [15, 15], both, undefined],
  ["takes a conversation to the kernel", [16, 1_600], both, "kernel"],
  ["waits for enough octets", [2, 999], both, undefined],
  ["splices bulk", [2, 1_000], both, "splice"],
  ["splices what comes in great chunks", [16, 1_601], both, "splice"],
  ["waits while chunks are small", [10, 1_000], both, undefined],
  ["leaves what is slow to user space", [2, 1_000, 999], both, undefined],
  ["splices no conversation", [16, 1_600], { spliceAfter }, undefined],
  ["leaves bulk to user space", [16, 1_601], { joinAfter }, undefined],
  ["chooses nothing without lanes", [99, 9_999], {}, undefined],
];

for (const [name, [chunks, octets, recent], rules, lane] of ROWS) {
  Deno.test(`chooseLane() ${name}`, () => {
    const seen = { chunks, octets, recentOctets: recent ?? octets };
    assert.equal(chooseLane(seen, rules), lane);
  });
}
