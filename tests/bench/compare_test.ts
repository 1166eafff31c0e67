import assert from "node:assert/strict";
import { worsened } from "./compare.ts";
import type { Figure } from "./figures.ts";

const figure = (subject: string, unit: string, value: number): Figure => ({
  benchmark: "rate",
  subject,
  metric: "what",
  unit,
  rounds: [value],
});

/** Hairpin's value beside another's of 100. */
const run = (unit: string, value: number): Figure[] => [
  figure("hairpin", unit, value),
  figure("ztunnel", unit, 100),
];

const rows: [unit: string, before: number, now: number, found: string[]][] = [
  ["1/s", 100, 81, []],
  ["1/s", 100, 79, ["worse: rate, what: hairpin/ztunnel 0.79x, was 1.00x"]],
  ["1/s", 100, 300, []],
  ["Gbit/s", 200, 100, [
    "worse: rate, what: hairpin/ztunnel 1.00x, was 2.00x",
  ]],
  ["ms", 100, 120, []],
  ["ms", 100, 130, ["worse: rate, what: hairpin/ztunnel 1.30x, was 1.00x"]],
  ["ms", 100, 20, []],
];
for (const [unit, before, now, found] of rows) {
  Deno.test(`worsened() from ${before} to ${now} ${unit} tells ${found.length} times`, () => {
    assert.deepEqual(worsened(run(unit, now), run(unit, before)), found);
  });
}

Deno.test("worsened() says nothing of what was not measured before", () => {
  assert.deepEqual(worsened(run("1/s", 1), []), []);
  assert.deepEqual(worsened(run("1/s", 1), [figure("hairpin", "1/s", 9)]), []);
});
