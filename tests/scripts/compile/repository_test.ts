/** What would be compiled of this checkout, and what Deno's compiler makes of it. */
import assert from "node:assert/strict";
import { planOfRepository, stageRepository } from "../../../scripts/compile.ts";
import { BUILD_MODULE } from "../../../scripts/compile/build_info.ts";
import { compileStage } from "../../../scripts/compile/deno.ts";
import {
  type Arch,
  findBase,
  TARGETS,
} from "../../../scripts/compile/denort.ts";
import type { CompilePlan } from "../../../scripts/compile/plan.ts";
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

/** `e_machine` of an ELF file, little-endian, for each kind of machine. */
const MACHINES: Readonly<Record<Arch, number>> = { amd64: 62, arm64: 183 };

/** Stands in for the runtime base: what is made of it does not run, but is whole. */
async function writeBase(path: string, arch: Arch): Promise<void> {
  const elf = await Deno.readFile("/bin/true");
  new DataView(elf.buffer).setUint16(18, MACHINES[arch], true);
  await Deno.writeFile(path, elf);
}

/** What `deno compile` appended: a magic word, the length of its settings, the settings, the files. */
function readAppended(
  binary: Uint8Array,
): { settings: Settings; text: string } {
  const magic = "d3n0l4ndd3n0l4nd";
  const text = new TextDecoder("latin1").decode(binary);
  const at = text.indexOf(magic) + magic.length;
  assert(at > magic.length, "no program was appended");
  const length = new DataView(binary.buffer).getBigUint64(at, true);
  const settings = text.slice(at + 8, at + 8 + Number(length));
  return { settings: JSON.parse(settings), text };
}

interface Settings {
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly entrypoint: string;
}

let folder: string;
let plan: CompilePlan;
Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "hairpin-compile-" });
  plan = await stageRepository(`${folder}/stage`);
});
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

async function compileFor(arch: Arch): Promise<Uint8Array<ArrayBuffer>> {
  const output = `${folder}/hairpin-${arch}`;
  const path = `${folder}/base-${arch}`;
  await writeBase(path, arch);
  const found = findBase(arch, {
    get: (name) => name === "DENORT_BIN" ? path : undefined,
    exists: () => true,
    head: () => Deno.readFileSync(path),
    ...{ denoDir: "", denoVersion: Deno.version.deno },
  });
  assert.equal(found.kind, "file");
  await compileStage({
    ...{ stage: `${folder}/stage`, plan, arch, base: found, output },
  });
  return await Deno.readFile(output);
}

for (const arch of Object.keys(TARGETS) as Arch[]) {
  Deno.test(`deno compile for ${arch} embeds what is loaded late, the build, and no package of the tests`, async () => {
    const binary = await compileFor(arch);
    assert.equal(
      new DataView(binary.buffer).getUint16(18, true),
      MACHINES[arch],
    );
    const { text } = readAppended(binary);
    for (const path of [...await lazyModules(), ...plan.includes, "main.ts"]) {
      assert(text.includes(await marker(`${folder}/stage/${path}`)), path);
    }
    const build = await Deno.readTextFile(`${folder}/stage/${BUILD_MODULE}`);
    assert(text.includes(build.trim()), build);
    assert(text.includes('"name": "hono"'));
    for (const name of ["fast-check", "typescript"]) {
      assert(!text.includes(`"name": "${name}"`), name);
    }
  });

  Deno.test(`deno compile for ${arch} grants what deno.json says, and asks nobody for more`, async () => {
    const { settings } = readAppended(await compileFor(arch));
    const config = JSON.parse(await Deno.readTextFile("deno.json"));
    const wanted = config.permissions.default;
    const granted = Object.fromEntries(
      Object.keys(wanted).map((name) => {
        const may = settings.permissions[`allow_${name}`];
        return [name, Array.isArray(may) && may.length === 0 ? true : may];
      }),
    );
    assert.deepEqual(granted, wanted);
    assert.equal(settings.permissions["prompt"], false);
  });
}

/** A long piece of a file's own text, as the compiled program keeps it. */
async function marker(path: string): Promise<string> {
  const lines = (await Deno.readTextFile(path)).split("\n");
  const ascii = lines.filter((line) => /^[\x20-\x7e]+$/.test(line));
  return ascii.toSorted((a, b) => b.length - a.length)[0]!;
}
