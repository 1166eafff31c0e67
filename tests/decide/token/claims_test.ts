import assert from "node:assert/strict";
import {
  claimAt,
  claimTexts,
  withSplitClaims,
} from "../../../src/decide/token/claims.ts";

const PAYLOAD = {
  text: "a",
  list: ["a", 1, "b", null],
  object: { deep: { value: true } },
  number: 3,
};

const places: [path: string[], value: unknown][] = [
  [["text"], "a"],
  [["object", "deep", "value"], true],
  [["object", "none"], undefined],
  [["none", "deep"], undefined],
  [["text", "length"], undefined],
  [["list", "0"], undefined],
  [["constructor"], undefined],
  [["object", "__proto__"], undefined],
];
for (const [path, value] of places) {
  Deno.test(`claimAt() ${path.join(".")}`, () => {
    assert.equal(claimAt(PAYLOAD, path), value);
  });
}

Deno.test("claimTexts() has texts alone", () => {
  assert.deepEqual(claimTexts(PAYLOAD, ["text"]), ["a"]);
  assert.deepEqual(claimTexts(PAYLOAD, ["list"]), ["a", "b"]);
  assert.deepEqual(claimTexts(PAYLOAD, ["number"]), []);
  assert.deepEqual(claimTexts(PAYLOAD, ["object"]), []);
});

Deno.test("withSplitClaims() splits text at its spaces", () => {
  const payload = { scope: " a  b ", other: "a b", permission: ["a b"] };
  assert.deepEqual(withSplitClaims(payload, ["scope", "permission", "none"]), {
    scope: ["a", "b"],
    other: "a b",
    permission: ["a b"],
  });
  assert.equal(withSplitClaims(payload, []), payload);
});
