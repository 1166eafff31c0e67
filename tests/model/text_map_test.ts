import assert from "node:assert/strict";
import fc from "fast-check";
import { TextMap } from "../../src/model/text_map.ts";

/** Few keys, so that they meet; texts of all sizes, past a chunk's too. */
const key = fc.constantFrom("", "a", "ab", "b", "é", "éa", "日本", "a\0b");
const text = fc.oneof(
  { weight: 20, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  { weight: 1, arbitrary: fc.nat({ max: 400_000 }).map((n) => "x".repeat(n)) },
);
const steps = fc.array(
  fc.record({ key, text: fc.option(text, { nil: undefined }) }),
  { maxLength: 120 },
);

Deno.test("TextMap holds what a Map holds", () => {
  fc.assert(fc.property(steps, (steps) => {
    const map = new TextMap<string>();
    const model = new Map<string, string>();
    for (const { key, text } of steps) {
      if (text === undefined) {
        assert.equal(map.delete(key), model.delete(key));
      } else {
        assert.equal(map.textAt(map.set(key, text)), text);
        model.set(key, text);
      }
      assert.equal(map.get(key), model.get(key));
      assert.equal(map.has(key), model.has(key));
      assert.equal(map.size, model.size);
    }
    assert.deepEqual([...map.keys()].toSorted(), [...model.keys()].toSorted());
    assert.deepEqual(
      [...map.values()].toSorted(),
      [...model.values()].toSorted(),
    );
  }));
});

Deno.test("TextMap keeps a key's number from set to delete", () => {
  const map = new TextMap<string>();
  const first = map.set("a", "1");
  const second = map.set("b", "2");
  assert.notEqual(first, second);
  assert.equal(map.set("a", "longer than before"), first);
  assert.equal(map.numberOf("b"), second);
  map.delete("a");
  assert.equal(map.numberOf("a"), -1);
  assert.equal(map.textAt(first), undefined);
  assert.equal(map.set("c", "3"), first);
});

Deno.test("TextMap gives back the room of what was replaced and deleted", () => {
  const map = new TextMap<string>();
  const keys = Array.from({ length: 1_000 }, (_, at) => `key ${at}`);
  for (let round = 0; round < 50; round++) {
    for (const key of keys) map.set(key, `${round} ${"x".repeat(400)}`);
  }
  assert.ok(map.octets < 4 * 1_000 * 420, `${map.octets} octets`);
  for (const key of keys) {
    assert.equal(map.get(key), `49 ${"x".repeat(400)}`);
    map.delete(key);
  }
  assert.ok(map.octets <= 2 * 256 * 1024, `${map.octets} octets`);
});

Deno.test("TextMap tells keys apart that begin alike", () => {
  const map = new TextMap<string>();
  map.set("a", "bc");
  map.set("ab", "c");
  assert.deepEqual([map.get("a"), map.get("ab"), map.get("abc")], [
    "bc",
    "c",
    undefined,
  ]);
});
