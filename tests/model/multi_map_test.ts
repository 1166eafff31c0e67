import assert from "node:assert/strict";
import { MultiMap } from "../../src/model/multi_map.ts";

Deno.test("MultiMap keeps the values of a key in order of arrival", () => {
  const map = new MultiMap<string, number>();
  for (const value of [3, 1, 2]) map.add("a", value);
  map.delete("a", 1);
  assert.deepEqual(map.get("a"), [3, 2]);
  assert.deepEqual(map.get("b"), []);
});

Deno.test("MultiMap.delete() takes one occurrence and forgets an empty key", () => {
  const map = new MultiMap<string, number>();
  map.add("a", 1);
  map.add("a", 1);
  map.delete("a", 1);
  map.delete("a", 7);
  map.delete("b", 1);
  assert.deepEqual([map.get("a"), map.size], [[1], 1]);
  map.delete("a", 1);
  assert.deepEqual([map.get("a"), map.size], [[], 0]);
});
