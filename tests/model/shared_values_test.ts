import assert from "node:assert/strict";
import fc from "fast-check";
import { SharedValues } from "../../src/model/shared_values.ts";

const plain = fc.jsonValue({ maxDepth: 4 }).map((value) => ({
  value,
  again: structuredClone(value),
}));

Deno.test("SharedValues.share() gives a value that is equal", () => {
  fc.assert(fc.property(fc.array(plain), (list) => {
    const shared = new SharedValues();
    for (const { value } of list) {
      assert.deepEqual(shared.share(value), value);
    }
  }));
});

Deno.test("SharedValues.share() gives the same for equal values", () => {
  fc.assert(fc.property(plain, ({ value, again }) => {
    const shared = new SharedValues();
    const first = shared.share(value);
    // -0 and 0 are equal to everything that reads configuration.
    assert.equal(shared.share(again) === first, true);
  }));
});

const different: [name: string, a: unknown, b: unknown][] = [
  ["a number and its text", { a: 1 }, { a: "1" }],
  ["null and its text", [null], ["null"]],
  ["nothing and absence", { a: undefined }, {}],
  ["a list and a mapping", [1], { 0: 1 }],
  ["texts that hold a separator", ["a,b"], ["a", "b"]],
  ["a text that looks like a part", ["#0"], [{}]],
  ["keys that run into values", { ab: "c" }, { a: "bc" }],
];
for (const [name, a, b] of different) {
  Deno.test(`SharedValues.share() keeps apart ${name}`, () => {
    const shared = new SharedValues();
    assert.deepEqual(shared.share(a), a);
    assert.deepEqual(shared.share(b), b);
  });
}

Deno.test("SharedValues.share() makes parts one, across values and clones", () => {
  const shared = new SharedValues();
  const route = (name: string) => ({ name, filters: { mirrors: [] } });
  const [a, b] = structuredClone([
    shared.share(route("a")),
    shared.share(route("b")),
  ]);
  assert.equal(a?.filters, b?.filters);
  assert.notEqual(a, b);
});
