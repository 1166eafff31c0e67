import assert from "node:assert/strict";
import { readHops } from "../../src/decide/waypoint_hops.ts";

const rows: readonly [text: string | undefined, hops: number | undefined][] = [
  [undefined, 0],
  ["0", 0],
  ["3", 3],
  ["99", 99],
  ["100", undefined],
  ["", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  [" 1", undefined],
  ["1, 0", undefined],
  ["0x1", undefined],
];
for (const [text, hops] of rows) {
  Deno.test(`readHops() makes ${hops} of ${JSON.stringify(text)}`, () => {
    assert.equal(readHops(text), hops);
  });
}
