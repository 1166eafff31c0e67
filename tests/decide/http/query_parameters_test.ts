import assert from "node:assert/strict";
import {
  withoutParameter,
  withParameter,
} from "../../../src/decide/http/query_parameters.ts";

const without: [path: string, after: string][] = [
  ["/", "/"],
  ["/?a=1", "/"],
  ["/p?b=2&a=1&c", "/p?b=2&c"],
  ["/p?a=1&b=2&a=3", "/p?b=2"],
  ["/p?%61=1&b=%2F", "/p?b=%2F"],
  ["/p?a", "/p"],
  ["/p?b=a=1", "/p?b=a=1"],
  ["/p?b=1?a=1", "/p?b=1?a=1"],
];
for (const [path, after] of without) {
  Deno.test(`withoutParameter() makes ${after} of ${path}`, () => {
    assert.equal(withoutParameter(path, "a"), after);
  });
}

const set: [path: string, after: string][] = [
  ["/", "/?a=x%26y%3D%20z"],
  ["/?a=1", "/?a=x%26y%3D%20z"],
  ["/p?b=%2F&a=1&a=2", "/p?b=%2F&a=x%26y%3D%20z"],
];
for (const [path, after] of set) {
  Deno.test(`withParameter() makes ${after} of ${path}`, () => {
    assert.equal(withParameter(path, { name: "a", value: "x&y= z" }), after);
  });
}
