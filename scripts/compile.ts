/**
 * The task `compile`: the single binary, for every kind of machine.
 *
 *     deno task compile [--arch amd64|arm64]... [--out DIR] [--fetch]
 *
 * `deno compile` appends the program to a runtime base (denort) of the same
 * version: DENORT_BIN names one, else it is in Deno's cache, else `--fetch`
 * lets Deno download it.
 */
import { parseArgs } from "@std/cli/parse-args";
import { readBuild } from "./compile/build_info.ts";
import { compileStage, infoOf, outputOf } from "./compile/deno.ts";
import { type Arch, type Base, findBase, TARGETS } from "./compile/denort.ts";
import { CompileError, type CompilePlan, planCompile } from "./compile/plan.ts";
import { writeStage } from "./compile/stage.ts";
import { REPOSITORY } from "./steps.ts";

interface Order {
  readonly archs: readonly Arch[];
  readonly out: string;
  readonly fetch: boolean;
}

/** What was typed cannot be meant. */
export class UsageError extends CompileError {}

const USAGE = "want [--arch amd64|arm64]... [--out DIR] [--fetch]";

/** @throws {UsageError} naming what it cannot use. */
export function readOrder(args: readonly string[]): Order {
  const wrong: string[] = [];
  const parsed: Record<string, unknown> = parseArgs([...args], {
    string: ["arch", "out", "_"],
    collect: ["arch", "out"],
    boolean: ["fetch"],
    unknown: (word) => {
      wrong.push(word);
      return false;
    },
  });
  const given = (name: string) =>
    (parsed[name] as readonly unknown[] | undefined ?? []).map(String);
  const archs = given("arch");
  const [out = "dist", ...more] = given("out");
  wrong.push(...archs.filter((arch) => !isArch(arch)), ...more);
  if (out === "") wrong.push("--out");
  if (wrong.length > 0) {
    throw new UsageError(`Cannot use ${JSON.stringify(wrong[0])}: ${USAGE}`);
  }
  return {
    archs: archs.length === 0 ? ALL_ARCHS : archs.filter(isArch),
    out,
    fetch: parsed.fetch === true,
  };
}

const ALL_ARCHS = Object.keys(TARGETS) as Arch[];
const isArch = (text: string): text is Arch => text in TARGETS;

/** The plan of this checkout. @throws {CompileError} */
export const planOfRepository = (
  root: string = REPOSITORY,
): Promise<CompilePlan> =>
  planCompile({
    info: infoOf(root),
    read: (path) => Deno.readTextFile(`${root}/${path}`),
  }, `file://${root}/`);

/** Writes the stage of this checkout into an empty folder. @throws {CompileError} */
export async function stageRepository(to: string): Promise<CompilePlan> {
  const plan = await planOfRepository();
  const git = (...args: string[]) =>
    outputOf("git", args, { cwd: REPOSITORY }).then((text) => text.trim())
      .catch(() => undefined);
  const build = await readBuild(git, Deno.env.get, Date.now());
  await writeStage({ from: REPOSITORY, to, plan, build });
  return plan;
}

async function basesFor({ archs, fetch }: Order): Promise<Map<Arch, Base>> {
  const info = await outputOf(Deno.execPath(), ["info", "--json"], {
    cwd: REPOSITORY,
  });
  const machine = {
    get: Deno.env.get,
    exists: isFile,
    head: headOf,
    denoDir: JSON.parse(info).denoDir as string,
    denoVersion: Deno.version.deno,
  };
  return new Map(archs.map((arch) => {
    const base = findBase(arch, machine);
    if (base.kind !== "missing") return [arch, base];
    if (!fetch) throw new CompileError(base.why);
    return [arch, { kind: "cache" }];
  }));
}

const isFile = (path: string): boolean => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
};

function headOf(path: string): Uint8Array {
  using file = Deno.openSync(path);
  const octets = new Uint8Array(64);
  return octets.subarray(0, file.readSync(octets) ?? 0);
}

/** `sha256sum`'s own line. */
async function checksum(folder: string, name: string): Promise<string> {
  const octets = await Deno.readFile(`${folder}/${name}`);
  const digest = await crypto.subtle.digest("SHA-256", octets);
  return `${new Uint8Array(digest).toHex()}  ${name}\n`;
}

async function main(): Promise<void> {
  const order = readOrder(Deno.args);
  const bases = await basesFor(order);
  const out = await makeFolder(order.out);
  const stage = await Deno.makeTempDir({ prefix: "hairpin-stage-" });
  try {
    const plan = await stageRepository(stage);
    let sums = "";
    for (const [arch, base] of bases) {
      const name = `hairpin-linux-${arch}`;
      const output = `${out}/${name}`;
      await compileStage({ stage, plan, arch, base, output });
      sums += await checksum(out, name);
      console.log(output);
    }
    await Deno.writeTextFile(`${out}/SHA256SUMS`, sums);
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

async function makeFolder(path: string): Promise<string> {
  await Deno.mkdir(path, { recursive: true });
  return await Deno.realPath(path);
}

if (import.meta.main) {
  try {
    await main();
  } catch (reason) {
    if (!(reason instanceof CompileError)) throw reason;
    console.error(`compile: ${reason.message}`);
    Deno.exit(reason instanceof UsageError ? 2 : 1);
  }
}
