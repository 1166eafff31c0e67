import assert from "node:assert/strict";
import { mutateHeaders } from "../../../src/decide/http/header_mutations.ts";
import type { HeaderList } from "../../../src/model/http.ts";
import type { HeaderAction } from "../../../src/model/external_check.ts";

const BEFORE: HeaderList = [["x-one", "1"], ["x-two", "2"], ["x-one", "3"]];

const rows: [action: HeaderAction, known: HeaderList, unknown: HeaderList][] = [
  [
    "append-or-add",
    [...BEFORE, ["x-one", "new"]],
    [...BEFORE, ["x-new", "new"]],
  ],
  ["add-if-absent", BEFORE, [...BEFORE, ["x-new", "new"]]],
  [
    "replace-or-add",
    [["x-two", "2"], ["x-one", "new"]],
    [...BEFORE, ["x-new", "new"]],
  ],
  ["replace-if-present", [["x-two", "2"], ["x-one", "new"]], BEFORE],
];
for (const [action, known, unknown] of rows) {
  Deno.test(`mutateHeaders() can ${action}`, () => {
    const change = (name: string) =>
      mutateHeaders(BEFORE, [{ name, value: "new", action }]);
    assert.deepEqual(change("x-one"), known);
    assert.deepEqual(change("x-new"), unknown);
  });
}

Deno.test("mutateHeaders() goes from one mutation to the next", () => {
  const mutations = [
    { name: "x-one", value: "a", action: "replace-or-add" as const },
    { name: "x-one", value: "b", action: "append-or-add" as const },
    { name: "x-one", value: "c", action: "add-if-absent" as const },
  ];
  assert.deepEqual(mutateHeaders([["x-one", "0"]], mutations), [
    ["x-one", "a"],
    ["x-one", "b"],
  ]);
});

Deno.test("mutateHeaders() leaves what frames a message alone", () => {
  const names = ["content-length", "transfer-encoding", "host", ":path", "te"];
  const mutations = names.map((name) => ({
    name,
    value: "x",
    action: "replace-or-add" as const,
  }));
  assert.deepEqual(mutateHeaders(BEFORE, mutations), BEFORE);
});
