import assert from "node:assert/strict";
import { propertyTests, readBudget } from "../../scripts/fuzz.ts";

const none = () => undefined;

Deno.test("readBudget() is five minutes by itself", () => {
  assert.deepEqual(readBudget([], none), { minutes: 5, rounds: Infinity });
});

Deno.test("readBudget() takes flags before the variable", () => {
  const get = () => "60";
  assert.deepEqual(readBudget([], get), { minutes: 60, rounds: Infinity });
  assert.deepEqual(readBudget(["--minutes=1", "--rounds", "3"], get), {
    minutes: 1,
    rounds: 3,
  });
});

for (const args of [["--minutes=0"], ["--rounds=x"], ["--hours=1"], ["now"]]) {
  Deno.test(`readBudget() refuses ${args}`, () => {
    assert.equal(typeof readBudget(args, none), "string");
  });
}

Deno.test("propertyTests() are the group's tests that import fast-check", () => {
  const group = { name: "g", folders: ["tests/wire"], rights: [] };
  const property = 'import * as fc from "fast-check";\n';
  const files = [
    { path: "tests/wire/a_test.ts", text: property },
    { path: "tests/wire/support.ts", text: property },
    { path: "tests/wire/b_test.ts", text: "" },
    { path: "tests/wired/a_test.ts", text: property },
  ];
  assert.deepEqual(propertyTests(group, files), ["tests/wire/a_test.ts"]);
});
