import assert from "node:assert/strict";
import {
  addFailure,
  type Failures,
  refreshDelayMs,
  retryDelayMs,
} from "../../../src/control/certificates/schedule.ts";
import { certificateFor } from "../../support/fake_issuer.ts";

const cart = { trustDomain: "td", namespace: "shop", serviceAccount: "cart" };
const failed = (count: number, sinceMs = 0): Failures => ({ count, sinceMs });

const delays: [name: string, failures: Failures, random: number, ms: number][] =
  [
    ["1 s after the first failure", failed(1), 0.5, 1_000],
    ["twice as long after the second", failed(2), 0.5, 2_000],
    ["128 s after the eighth", failed(8), 0.5, 128_000],
    ["no more than 150 s", failed(9), 0.5, 150_000],
    ["no more than 150 s after thousands", failed(5_000), 0, 150_000],
    ["a fifth less at the low end", failed(3), 0, 3_200],
    ["a fifth more at the high end", failed(3), 1, 4_800],
    ["150 s also when moved up", failed(8), 1, 150_000],
    ["always 150 s after 15 minutes", failed(2, -900_000), 0, 150_000],
    ["as usual just before that", failed(2, -899_999), 0.5, 2_000],
  ];
for (const [name, failures, random, ms] of delays) {
  Deno.test(`retryDelayMs() is ${name}`, () => {
    assert.equal(retryDelayMs(failures, 0, () => random), ms);
  });
}

Deno.test("addFailure() counts from the first failure on", () => {
  assert.deepEqual(addFailure(addFailure(undefined, 5), 9), {
    count: 2,
    sinceMs: 5,
  });
});

const refreshes: [name: string, from: number, to: number, ms: number][] = [
  ["half of the life", -100_000, 900_000, 400_000],
  ["at least a second once half is over", -900_000, 100_000, 1_000],
  ["at least a second for an instant", 0, 1, 1_000],
];
for (const [name, fromMs, toMs, ms] of refreshes) {
  Deno.test(`refreshDelayMs() is ${name}`, () => {
    assert.equal(refreshDelayMs(certificateFor(cart, fromMs, toMs), 0), ms);
  });
}
