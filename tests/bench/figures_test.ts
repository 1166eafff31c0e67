import assert from "node:assert/strict";
import { type Figure, figureTable, joinRounds, median } from "./figures.ts";
import { readH2load } from "./h2load.ts";
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

Deno.test("readFortio() takes what fortio calls a good gRPC answer", () => {
  assert.equal(readFortio(fortioReport({ "SERVING": 10 })).requests, 10);
});

const H2LOAD_LOG = ["1\t200\t400", "2\t200\t200", "3\t200\t900", ""];
const h2loadSaid = (failed: number) =>
  `requests: 3 total, 3 started, 3 done, 3 succeeded, ${failed} failed, 0 errored`;

Deno.test("readH2load() takes times out of the log", () => {
  const result = readH2load(h2loadSaid(0), H2LOAD_LOG.join("\n"), 2);
  assert.deepEqual(result, {
    requests: 3,
    perSecond: 1.5,
    p50: 0.4,
    p90: 0.9,
    p99: 0.9,
  });
});

const badRuns: [why: string, said: string, log: string][] = [
  ["failed requests", h2loadSaid(1), H2LOAD_LOG.join("\n")],
  ["another status", h2loadSaid(0), "1\t403\t400\n"],
  ["no request at all", h2loadSaid(0), ""],
  ["no report", "", H2LOAD_LOG.join("\n")],
];
for (const [why, said, log] of badRuns) {
  Deno.test(`readH2load() refuses a run with ${why}`, () => {
    assert.throws(() => readH2load(said, log, 2), /load report/);
  });
}
