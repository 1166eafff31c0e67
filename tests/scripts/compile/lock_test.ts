import assert from "node:assert/strict";
import { pruneLock } from "../../../scripts/compile/lock.ts";

const LOCK = {
  version: "5",
  specifiers: {
    "jsr:@std/cli@1": "1.0.32",
    "npm:check@1.5.0": "1.5.0_compiler@5.4.5",
    "npm:@scope/client@2.0.0": "2.0.0_@scope+core@2.0.0",
    "npm:only-tests@1.0.0": "1.0.0",
  },
  npm: {
    "@scope/client@2.0.0_@scope+core@2.0.0": {
      integrity: "c",
      dependencies: ["@scope/core", "lib@2.9.1"],
    },
    "@scope/core@2.0.0": { integrity: "k" },
    "check@1.5.0_compiler@5.4.5": {
      integrity: "v",
      dependencies: ["compiler"],
      optionalPeers: ["compiler"],
    },
    "compiler@5.4.5": { integrity: "t" },
    "lib@1.14.1": { integrity: "l1" },
    "lib@2.9.1": { integrity: "l2" },
    "only-tests@1.0.0": { integrity: "o" },
  },
  workspace: {
    dependencies: [
      "jsr:@std/cli@1",
      "npm:@scope/client@2.0.0",
      "npm:check@1.5.0",
      "npm:only-tests@1.0.0",
    ],
    links: { "jsr:@std/cli@1.0.32": {} },
  },
};

const prune = (...specifiers: string[]) => pruneLock(LOCK, specifiers);

Deno.test("pruneLock() keeps what a package leads to, in its version", () => {
  const { npm, specifiers } = prune("npm:@scope/client@2.0.0");
  assert.deepEqual(Object.keys(npm ?? {}), [
    "@scope/client@2.0.0_@scope+core@2.0.0",
    "@scope/core@2.0.0",
    "lib@2.9.1",
  ]);
  assert.deepEqual(specifiers, {
    "jsr:@std/cli@1": "1.0.32",
    "npm:@scope/client@2.0.0": "2.0.0_@scope+core@2.0.0",
  });
});

Deno.test("pruneLock() leaves a peer out that its package can do without", () => {
  const { npm, specifiers } = prune("npm:check@1.5.0");
  assert.deepEqual(npm, { "check@1.5.0": { integrity: "v" } });
  assert.equal(specifiers?.["npm:check@1.5.0"], "1.5.0");
});

Deno.test("pruneLock() tells the workspace of what is left", () => {
  const { workspace } = prune("npm:check@1.5.0");
  assert.deepEqual(workspace, {
    dependencies: ["jsr:@std/cli@1", "npm:check@1.5.0"],
    links: LOCK.workspace.links,
  });
});
