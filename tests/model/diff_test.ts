import assert from "node:assert/strict";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { isEmptyDelta, isEqual } from "../../src/model/diff.ts";

Deno.test("isEmptyDelta() is false for any entry in any list", () => {
  assert.ok(isEmptyDelta(EMPTY_DELTA));
  for (const list of Object.keys(EMPTY_DELTA)) {
    assert.ok(!isEmptyDelta({ ...EMPTY_DELTA, [list]: ["one"] }), list);
  }
});

const pairs: [a: unknown, b: unknown, equal: boolean][] = [
  [1, 1, true],
  [NaN, NaN, true],
  [1, "1", false],
  [null, {}, false],
  [undefined, null, false],
  [[], {}, false],
  [{ a: 1, b: [2] }, { b: [2], a: 1 }, true],
  [[1, 2], [2, 1], false],
  [[1], [1, 2], false],
  [{ a: undefined }, { b: undefined }, false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{}, { toString: 1 }, false],
  [{ toString: 1 }, { a: 1 }, false],
];
for (const [a, b, equal] of pairs) {
  Deno.test(`isEqual() of ${JSON.stringify([a, b])} is ${equal}`, () => {
    assert.equal(isEqual(a, b), equal);
    assert.equal(isEqual(b, a), equal);
  });
}
