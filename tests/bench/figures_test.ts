import assert from "node:assert/strict";
import { type Figure, figureTable, joinRounds, median } from "./figures.ts";
import { readFortio } from "./load.ts";

const medianRows: [values: number[], middle: number][] = [
  [[3], 3],
  [[10, 9, 1], 9],
  [[4, 1, 2, 3], 2.5],
  [[], NaN],
];
for (const [values, middle] of medianRows) {
  Deno.test(`median() of [${values}] is ${middle}`, () => {
    assert.equal(median(values), middle);
  });
}

function figure(subject: string, ...rounds: number[]): Figure {
  return {
    benchmark: "rate",
    subject,
    metric: "requests",
    unit: "1/s",
    rounds,
  };
}

Deno.test("joinRounds() gathers the rounds of each subject", () => {
  const figures = [figure("a", 1), figure("b", 2), figure("a", 3)];
  assert.deepEqual(joinRounds(figures), [figure("a", 1, 3), figure("b", 2)]);
});

Deno.test("figureTable() shows medians in the given order and hairpin's ratios", () => {
  const figures = [figure("hairpin", 30, 20, 10), figure("direct", 40)];
  const [head, row] = figureTable(figures, ["direct", "hairpin"]).split("\n");
  assert.match(
    head ?? "",
    /^benchmark +metric +direct +hairpin +hairpin\/direct$/,
  );
  assert.match(row ?? "", /^rate +requests \(1\/s\) +40\.0 +20\.0 +0\.50x$/);
});

Deno.test("figureTable() leaves out what was not measured", () => {
  const [, row] = figureTable([figure("hairpin", 2)], ["direct", "hairpin"])
    .split("\n");
  assert.match(row ?? "", / - +2\.000 +-$/);
});

function fortioReport(codes: Record<string, number>): string {
  const Percentiles = [50, 90, 99].map((p) => ({
    Percentile: p,
    Value: p / 1_000,
  }));
  const DurationHistogram = { Count: 10, Percentiles };
  return JSON.stringify({
    ActualQPS: 99.5,
    RetCodes: codes,
    DurationHistogram,
  });
}

Deno.test("readFortio() reads milliseconds", () => {
  const result = readFortio(fortioReport({ "200": 10 }));
  assert.deepEqual(result, {
    requests: 10,
    perSecond: 99.5,
    p50: 50,
    p90: 90,
    p99: 99,
  });
});

Deno.test("readFortio() refuses a run with failed requests", () => {
  assert.throws(() => readFortio(fortioReport({ "200": 9, "-1": 1 })), /codes/);
});
