import assert from "node:assert/strict";
import { CompileError, planCompile } from "../../../scripts/compile/plan.ts";

const ROOT = "file:///repo/";

/** A repository of a few files, with the graph that Deno would tell of. */
function repository(
  files: Readonly<Record<string, string>>,
  imports: Readonly<Record<string, readonly string[]>>,
) {
  const reach = (path: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(path)) return seen;
    seen.add(path);
    for (const next of imports[path] ?? []) reach(next, seen);
    return seen;
  };
  return {
    read: (path: string) => Promise.resolve(files[path] ?? ""),
    info: (path: string) =>
      Promise.resolve(JSON.stringify({
        modules: [...reach(path)].map((path) => ({
          specifier: path.includes(":") ? path : `${ROOT}${path}`,
          ...path in files || path.includes(":")
            ? {}
            : { error: `no module ${path}` },
          dependencies: (imports[path] ?? []).map((specifier) => ({
            specifier: specifier.startsWith("npm:")
              ? specifier.replace(/^npm:|@.*$/g, "")
              : `./${specifier}`,
            code: { specifier },
          })),
        })),
      })),
  };
}

const entry = (path: string) => `new URL("${path}", import.meta.url)`;

Deno.test("planCompile() follows a worker, and what only the worker imports", async () => {
  const files = {
    "main.ts": "",
    "src/pool.ts": entry("./entry.ts"),
    "src/entry.ts": "",
    "src/part.ts": entry("./page.html"),
  };
  const imports = {
    "main.ts": ["src/pool.ts", "npm:yaml@2.9.1"],
    "src/entry.ts": ["src/part.ts", "npm:jose@6.0.0"],
  };
  const plan = await planCompile(repository(files, imports), ROOT);
  assert.deepEqual(plan, {
    files: [
      "main.ts",
      "src/entry.ts",
      "src/page.html",
      "src/part.ts",
      "src/pool.ts",
    ],
    includes: ["src/entry.ts", "src/page.html"],
    bare: ["jose", "yaml"],
  });
});

Deno.test("planCompile() refuses a module that is not there", async () => {
  const found = repository({ "main.ts": "" }, { "main.ts": ["src/gone.ts"] });
  await assert.rejects(
    () => planCompile(found, ROOT),
    new CompileError("no module src/gone.ts"),
  );
});

Deno.test("planCompile() refuses what a worker loads without saying so", async () => {
  const files = {
    "main.ts": entry("./src/entry.ts"),
    "src/entry.ts": "import(x)",
  };
  await assert.rejects(
    () => planCompile(repository(files, {}), ROOT),
    /^CompileError: src\/entry\.ts:1: imports what is only known at run time$/,
  );
});
