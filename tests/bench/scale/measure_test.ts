import assert from "node:assert/strict";
import { LabError } from "../../lab/mod.ts";
import { longestIn, type Window } from "./measure.ts";

const windows: readonly Window[] = [
  { at: 100, longest: 9 },
  { at: 200, longest: 1 },
  { at: 300, longest: 4 },
  { at: 2_400, longest: 2 },
  { at: 2_600, longest: 8 },
];

const rows: [
  what: string,
  span: { beganMs: number; endedMs: number },
  longest: number,
][] = [
  ["looks at the windows that touch the span", {
    beganMs: 150,
    endedMs: 250,
  }, 4],
  ["looks at what follows it closely", { beganMs: 2_300, endedMs: 2_500 }, 8],
  ["looks at nothing before it", { beganMs: 2_500, endedMs: 2_550 }, 8],
];
for (const [what, span, longest] of rows) {
  Deno.test(`longestIn() ${what}`, () => {
    assert.equal(longestIn(windows, span), longest);
  });
}

Deno.test("longestIn() refuses a span in which nothing was seen", () => {
  assert.throws(
    () => longestIn(windows, { beganMs: 5_000, endedMs: 6_000 }),
    LabError,
  );
});
