import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { type Json, sortedJson } from "../../src/admin/json.ts";

Deno.test("sortedJson() sorts keys at every level, numbers as text", () => {
  const value = {
    ports: { 80: 1, 443: 2, 8080: 3 },
    b: [{ z: null, a: "é\n" }, [], {}],
    a: undefined,
  };
  equal(
    sortedJson(value),
    `{
  "b": [
    {
      "a": "é\\n",
      "z": null
    },
    [],
    {}
  ],
  "ports": {
    "443": 2,
    "80": 1,
    "8080": 3
  }
}`,
  );
});

Deno.test("sortedJson() says what JSON.stringify() says", () => {
  const values = fc.jsonValue({ maxDepth: 4 });
  fc.assert(fc.property(values, (value) => {
    deepEqual(
      JSON.parse(sortedJson(value as Json)),
      JSON.parse(JSON.stringify(value)),
    );
  }));
});
