import assert from "node:assert/strict";
import fc from "fast-check";
import { HashIndex, hashText } from "../../src/model/hash_index.ts";

/** Few hashes and numbers, so that they meet. */
const steps = fc.array(
  fc.record({
    adds: fc.boolean(),
    hash: fc.constantFrom(0, 1, 16, -1, 1 << 16, 0x7fffffff),
    at: fc.nat({ max: 5 }),
  }),
  { maxLength: 300 },
);

Deno.test("HashIndex holds what a list of pairs holds", () => {
  fc.assert(fc.property(steps, (steps) => {
    const index = new HashIndex();
    let pairs: [hash: number, at: number][] = [];
    for (const { adds, hash, at } of steps) {
      if (adds) {
        index.add(hash, at);
        pairs.push([hash, at]);
      } else {
        index.delete(hash, at);
        const first = pairs.findIndex(([h, a]) => h === hash && a === at);
        pairs = pairs.filter((_, place) => place !== first);
      }
      const under = pairs.filter(([h]) => h === hash).map(([, a]) => a);
      assert.deepEqual(index.all(hash).toSorted(), under.toSorted());
      assert.equal(index.size, pairs.length);
    }
  }));
});

Deno.test("HashIndex finds each of many", () => {
  const index = new HashIndex();
  const hashOf = (at: number) => hashText(`name-${at}`);
  for (let at = 0; at < 20_000; at++) index.add(hashOf(at), at);
  for (let at = 0; at < 20_000; at += 2) index.delete(hashOf(at), at);
  for (let at = 0; at < 20_000; at++) {
    const found = index.find(hashOf(at), (number) => number === at);
    assert.equal(found, at % 2 === 0 ? -1 : at);
  }
});

Deno.test("HashIndex stays findable when entries come and go for ever", () => {
  const index = new HashIndex();
  for (let at = 0; at < 10_000; at++) {
    index.add(at, at);
    index.delete(at, at);
    assert.deepEqual(index.all(at), []);
  }
  assert.equal(index.size, 0);
});

Deno.test("hashText() goes on from the hash of what stands before", () => {
  assert.equal(hashText("ab"), hashText("b", hashText("a")));
  assert.notEqual(hashText("ab"), hashText("ba"));
  assert.equal(hashText(""), hashText("", hashText("")));
});
