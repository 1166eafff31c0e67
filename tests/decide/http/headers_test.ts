import assert from "node:assert/strict";
import {
  headerOf,
  modifyHeaders,
  modifyRequest,
} from "../../../src/decide/http/headers.ts";
import type { HeaderList } from "../../../src/model/http.ts";
import type { HeaderModifier } from "../../../src/model/http_filters.ts";
import { request } from "./routes.ts";

const NONE: HeaderModifier = { set: [], add: [], remove: [] };
const before: HeaderList = [["a", "1"], ["b", "2"], ["a", "3"]];

const rows: [
  name: string,
  change: Partial<HeaderModifier>,
  after: HeaderList,
][] = [
  ["nothing", {}, before],
  ["a field that is set", { set: [["c", "4"]] }, [...before, ["c", "4"]]],
  ["all fields of a name that is set", { set: [["a", "4"]] }, [["b", "2"], [
    "a",
    "4",
  ]]],
  ["a field that is added", { add: [["c", "4"]] }, [...before, ["c", "4"]]],
  ["a value that is added", { add: [["b", "4"]] }, [...before, ["b", "4"]]],
  ["fields that are removed", { remove: ["a"] }, [["b", "2"]]],
  ["what is removed and not there", { remove: ["x"] }, before],
  ["all at once", { set: [["b", "9"]], add: [["a", "4"]], remove: ["a"] }, [[
    "b",
    "9",
  ], ["a", "4"]]],
  ["what is set and removed", { set: [["a", "9"]], remove: ["a"] }, [[
    "b",
    "2",
  ]]],
];
for (const [name, change, after] of rows) {
  Deno.test(`modifyHeaders() changes ${name}`, () => {
    assert.deepEqual(modifyHeaders(before, { ...NONE, ...change }), after);
  });
}

Deno.test("modifyRequest() sets the authority by its name among headers", () => {
  const set = [["host", "other"], ["a", "1"]] as const;
  const changed = modifyRequest(request("/"), { ...NONE, set });
  assert.equal(changed.authority, "other");
  assert.deepEqual(changed.headers, [["a", "1"]]);
});

Deno.test("headerOf() finds the first field of a name", () => {
  assert.equal(headerOf(before, "a"), "1");
  assert.equal(headerOf(before, "x"), undefined);
});
