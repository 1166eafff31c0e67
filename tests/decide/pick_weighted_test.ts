import assert from "node:assert/strict";
import fc from "fast-check";
import { pickWeighted } from "../../src/decide/pick_weighted.ts";

const rows: [weights: number[], random: number, index: number | undefined][] = [
  [[1, 1], 0, 0],
  [[1, 1], 0.499, 0],
  [[1, 1], 0.5, 1],
  [[1, 3], 0.249, 0],
  [[1, 3], 0.25, 1],
  [[0, 1, 0], 0, 1],
  [[0, 1, 0], 0.999, 1],
  [[0, 0], 0, undefined],
  [[], 0, undefined],
];
for (const [weights, random, index] of rows) {
  Deno.test(`pickWeighted() of ${JSON.stringify(weights)} at ${random}`, () => {
    const items = weights.map((weight, index) => ({ weight, index }));
    const picked = pickWeighted(items, (i) => i.weight, () => random);
    assert.equal(picked?.index, index);
  });
}

Deno.test("pickWeighted() picks something of weight whenever there is any", () => {
  const weights = fc.array(fc.nat(4_294_967_295), { minLength: 1 });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(weights, random, (weights, random) => {
    const picked = pickWeighted(weights, (w) => w, () => random);
    const hasWeight = weights.some((w) => w > 0);
    assert.equal(picked !== undefined && picked > 0, hasWeight);
  }));
});
