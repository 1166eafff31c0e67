import assert from "node:assert/strict";
import { durationMs, goDurationMs } from "../../src/kube/duration.ts";

const rows: [
  text: string,
  gateway: number | undefined,
  go: number | undefined,
][] = [
  ["10s", 10_000, 10_000],
  ["0s", 0, 0],
  ["500ms", 500, 500],
  ["1h30m", 5_400_000, 5_400_000],
  ["1h1m1s1ms", 3_661_001, 3_661_001],
  ["1.5s", undefined, 1_500],
  ["250us", undefined, 0.25],
  ["100000s", undefined, 100_000_000],
  ["10", undefined, undefined],
  ["", undefined, undefined],
  ["s", undefined, undefined],
  ["-1s", undefined, undefined],
  ["1d", undefined, undefined],
  ["1s ", undefined, undefined],
  ["1.s", undefined, undefined],
];
for (const [text, gateway, go] of rows) {
  Deno.test(`durationMs() and goDurationMs() read "${text}"`, () => {
    assert.equal(durationMs(text), gateway);
    assert.equal(goDurationMs(text), go);
  });
}
