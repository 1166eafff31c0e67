import assert from "node:assert/strict";
import {
  foldersWithTests,
  planTests,
  testArgs,
} from "../../scripts/test_plan.ts";

const FOLDERS = [
  "wire",
  "base",
  "kube",
  "e2e",
  "scripts",
  "admin",
  "net",
  "support",
  "suites",
];

Deno.test("planTests() gives the core no rights", () => {
  const [core] = planTests(FOLDERS).unit;
  assert.deepEqual(core?.folders, ["tests/base", "tests/wire"]);
  assert.deepEqual(testArgs(core!), [
    "test",
    "--no-prompt",
    "tests/base",
    "tests/wire",
  ]);
});

Deno.test("planTests() lets what reads YAML see two variables", () => {
  const [, yaml] = planTests(FOLDERS).unit;
  assert.deepEqual(yaml?.folders, ["tests/kube"]);
  assert.deepEqual(yaml?.rights, ["--allow-env=LOG_TOKENS,LOG_STREAM"]);
});

Deno.test("planTests() gives all rights to the rest", () => {
  const plan = planTests(FOLDERS);
  assert.deepEqual(plan.unit[2], {
    name: "other unit tests",
    folders: ["tests/admin", "tests/scripts"],
    rights: ["-A"],
  });
  assert.deepEqual(plan.system.map((group) => group.folders), [
    ["tests/net"],
    ["tests/e2e"],
  ]);
});

Deno.test("planTests() leaves out groups without a folder", () => {
  assert.deepEqual(planTests([]), { unit: [], system: [] });
});

Deno.test("foldersWithTests() looks for tests at any depth", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/deep/er`, { recursive: true });
    await Deno.mkdir(`${root}/none`);
    await Deno.writeTextFile(`${root}/deep/er/a_test.ts`, "");
    await Deno.writeTextFile(`${root}/none/a.ts`, "");
    assert.deepEqual(await foldersWithTests(root), ["deep"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
