import assert from "node:assert/strict";
import { readOrder, UsageError } from "../../../scripts/compile.ts";
import { buildModule, readBuild } from "../../../scripts/compile/build_info.ts";
import { packageOf, trimConfig } from "../../../scripts/compile/stage.ts";
import { VERSION, versionLine } from "../../../src/modes/version.ts";

const packages: [target: string, is: string][] = [
  ["npm:yaml@2.9.1", "npm:yaml@2.9.1"],
  ["npm:undici@8.12.4/lib/a.js", "npm:undici@8.12.4"],
  ["npm:@scope/core@2.0.0", "npm:@scope/core@2.0.0"],
  ["npm:@scope/core@2.0.0/wkt", "npm:@scope/core@2.0.0"],
  ["jsr:@std/cli@^1.0.0/parse-args", "jsr:@std/cli@^1.0.0"],
];
for (const [target, is] of packages) {
  Deno.test(`packageOf() of ${target} is ${is}`, () => {
    assert.equal(packageOf(target), is);
  });
}

Deno.test("trimConfig() keeps what the program uses, and its permissions", () => {
  const permissions = { default: { net: true } };
  const config = {
    imports: { yaml: "npm:yaml@2.9.1", "fast-check": "npm:fast-check@4.10.2" },
    tasks: { test: "x" },
    fmt: {},
    permissions,
  };
  assert.deepEqual(trimConfig(config, ["yaml", "node:net"]), {
    imports: { yaml: "npm:yaml@2.9.1" },
    permissions,
  });
});

const git =
  (answers: Readonly<Record<string, string>>) =>
  (word: string): Promise<string | undefined> => Promise.resolve(answers[word]);
const CLEAN = { "rev-parse": "3c1f", status: "" };
const NOW = Date.UTC(2026, 0, 31, 12);

Deno.test("readBuild() tells of the commit and the moment", async () => {
  assert.deepEqual(await readBuild(git(CLEAN), () => undefined, NOW), {
    commit: "3c1f",
    date: "2026-01-31T12:00:00Z",
  });
});

Deno.test("readBuild() tells of changed files, and takes SOURCE_DATE_EPOCH", async () => {
  const get = (name: string) => ({ SOURCE_DATE_EPOCH: "0" })[name];
  const changed = git({ ...CLEAN, status: " M main.ts" });
  assert.deepEqual(await readBuild(changed, get, NOW), {
    commit: "3c1f-changed",
    date: "1970-01-01T00:00:00Z",
  });
});

Deno.test("readBuild() does without git", async () => {
  const { commit } = await readBuild(git({}), () => undefined, NOW);
  assert.equal(commit, "unknown");
});

Deno.test("versionLine() tells a compiled program from the source", () => {
  const build = { commit: "3c1f", date: "2026-01-31T12:00:00Z" };
  assert.equal(versionLine(undefined), `hairpin ${VERSION} (from source)`);
  assert.equal(
    versionLine(build),
    `hairpin ${VERSION} (commit 3c1f, built 2026-01-31T12:00:00Z)`,
  );
});

Deno.test("buildModule() is a module that exports the build", async () => {
  const build = { commit: "3c1f", date: "2026-01-31T12:00:00Z" };
  const url = `data:application/typescript,${
    encodeURIComponent(buildModule(build))
  }`;
  const { BUILD } = await import(url);
  assert.deepEqual(BUILD, build);
});

Deno.test("readOrder() compiles for both machines by default", () => {
  assert.deepEqual(readOrder([]), {
    archs: ["amd64", "arm64"],
    out: "dist",
    fetch: false,
  });
  assert.deepEqual(readOrder(["--arch=arm64", "--out", "x", "--fetch"]), {
    archs: ["arm64"],
    out: "x",
    fetch: true,
  });
});

for (const args of [["--arch", "mips"], ["--what"], ["word"], ["--out="]]) {
  Deno.test(`readOrder() refuses ${args.join(" ")}`, () => {
    assert.throws(() => readOrder(args), UsageError);
  });
}
