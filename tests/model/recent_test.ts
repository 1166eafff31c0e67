import assert from "node:assert/strict";
import fc from "fast-check";
import { Recent } from "../../src/model/recent.ts";

Deno.test("Recent keeps what was used last, and not more than twice its size", () => {
  const size = 4;
  const uses = fc.array(fc.nat({ max: 12 }), { maxLength: 60 });
  fc.assert(fc.property(uses, (keys) => {
    const recent = new Recent<number, string>(size);
    for (const key of keys) recent.get(key) ?? recent.set(key, `${key}`);
    const all = Array.from({ length: 13 }, (_, key) => key);
    const lately = new Set(
      keys.toReversed().filter((key, at, list) => list.indexOf(key) === at)
        .slice(0, size),
    );
    for (const key of lately) assert.equal(recent.get(key), `${key}`);
    const kept = all.filter((key) => recent.get(key) !== undefined);
    assert.ok(kept.length <= 2 * size, `${kept.length} are kept`);
  }));
});

Deno.test("Recent forgets what is deleted, also when it is long ago", () => {
  const recent = new Recent<string, number>(1);
  for (const [at, key] of ["a", "b"].entries()) recent.set(key, at);
  recent.delete("a");
  recent.delete("b");
  assert.deepEqual([recent.get("a"), recent.get("b")], [undefined, undefined]);
});
