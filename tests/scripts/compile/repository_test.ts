/** What would be compiled of this checkout, and what Deno's compiler makes of it. */
import assert from "node:assert/strict";
import { planOfRepository, stageRepository } from "../../../scripts/compile.ts";
import { compileStage } from "../../../scripts/compile/deno.ts";
import { FROM_SOURCE_ONLY } from "../../../scripts/compile/scan.ts";
import { REPOSITORY } from "../../../scripts/steps.ts";
import { readSources } from "../../../scripts/lint_imports.ts";

const DYNAMIC = /\bawait import\(\s*"(\.[^"]+)"/g;

/** Modules that are loaded only when they are needed. */
async function lazyModules(): Promise<string[]> {
  const files = await readSources(REPOSITORY);
  const own = files.filter(({ path }) => /^(?:src\/|main\.ts)/.test(path));
  return own.flatMap(({ path, text }) =>
    Array.from(text.matchAll(DYNAMIC), ([, target]) => {
      const url = new URL(target!, `file:///${path}`);
      return url.pathname.slice(1);
    })
  );
}

Deno.test("the compiled program has every module that is loaded late, and the worker's entry point", async () => {
  const plan = await planOfRepository();
  assert.deepEqual(plan.includes, ["src/worker/entry.ts"]);
  const lazy = await lazyModules();
  assert(lazy.includes("src/modes/node.ts"));
  assert.deepEqual(lazy.filter((path) => !plan.files.includes(path)), []);
});

Deno.test("the compiled program has nothing of tests, and of scripts only what stands in for a library", async () => {
  const { files } = await planOfRepository();
  const foreign = files.filter((path) => !/^(?:src\/|main\.ts)/.test(path));
  assert.deepEqual(
    foreign.filter((path) => !path.startsWith("scripts/std_cli/")),
    [],
  );
  for (const path of FROM_SOURCE_ONLY) assert(files.includes(path));
});

Deno.test("deno compile embeds all of it, and no package of the tests", async () => {
  const folder = await Deno.makeTempDir({ prefix: "hairpin-compile-" });
  try {
    const stage = `${folder}/stage`;
    const output = `${folder}/hairpin`;
    const plan = await stageRepository(stage);
    // Stands in for the runtime base: the program does not run, but is whole.
    const base = { kind: "file", path: Deno.execPath() } as const;
    const arch = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
    await compileStage({ stage, plan, arch, base, output });
    const binary = await Deno.readFile(output);
    const { size } = await Deno.stat(base.path);
    const payload = new TextDecoder("latin1").decode(binary.subarray(size));
    for (const path of [...await lazyModules(), ...plan.includes]) {
      assert(payload.includes(await marker(`${stage}/${path}`)), path);
    }
    assert(payload.includes('"name": "hono"'));
    for (const name of ["fast-check", "typescript"]) {
      assert(!payload.includes(`"name": "${name}"`), name);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** A long piece of a file's own text, as the compiled program keeps it. */
async function marker(path: string): Promise<string> {
  const lines = (await Deno.readTextFile(path)).split("\n");
  const ascii = lines.filter((line) => /^[\x20-\x7e]+$/.test(line));
  return ascii.toSorted((a, b) => b.length - a.length)[0]!;
}
