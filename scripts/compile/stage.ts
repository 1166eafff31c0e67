/** A folder that holds what is compiled, and nothing else of the repository. */
import type { Build } from "../../src/modes/build.ts";
import { BUILD_MODULE, buildModule } from "./build_info.ts";
import { type Lock, pruneLock } from "./lock.ts";
import type { CompilePlan } from "./plan.ts";

/** deno.json, as far as it is read here. */
export interface DenoConfig {
  readonly imports: Readonly<Record<string, string>>;
  readonly links?: readonly string[];
  readonly [field: string]: unknown;
}

/** deno.json with the imports that the program uses. */
export function trimConfig(
  config: DenoConfig,
  bare: readonly string[],
): DenoConfig {
  const imports = Object.entries(config.imports)
    .filter(([name]) => bare.includes(name));
  const { tasks: _tasks, lint: _lint, fmt: _fmt, ...rest } = config;
  return { ...rest, imports: Object.fromEntries(imports) };
}

/** `npm:NAME@VERSION` of an import, without the path behind it. */
export const packageOf = (target: string): string =>
  target.replace(/^((?:npm|jsr):(?:@[^/]+\/[^/]+|[^@/][^/]*))\/.*$/, "$1");

/** Copies what a plan names into an empty folder, with the build's own module. */
export async function writeStage(
  { from, to, plan, build }: {
    readonly from: string;
    readonly to: string;
    readonly plan: CompilePlan;
    readonly build: Build;
  },
): Promise<void> {
  for (const path of plan.files) await copy(path, from, to);
  await Deno.writeTextFile(`${to}/${BUILD_MODULE}`, buildModule(build));
  const config: DenoConfig = JSON.parse(
    await Deno.readTextFile(`${from}/deno.json`),
  );
  for (const link of config.links ?? []) {
    await copy(`${link.replace(/^\.\//, "")}/deno.json`, from, to);
  }
  const trimmed = trimConfig(config, plan.bare);
  const lock: Lock = JSON.parse(await Deno.readTextFile(`${from}/deno.lock`));
  const used = Object.values(trimmed.imports).map(packageOf);
  await Deno.writeTextFile(`${to}/deno.json`, pretty(trimmed));
  await Deno.writeTextFile(`${to}/deno.lock`, pretty(pruneLock(lock, used)));
}

const pretty = (value: unknown): string =>
  `${JSON.stringify(value, null, 2)}\n`;

async function copy(path: string, from: string, to: string): Promise<void> {
  const target = `${to}/${path}`;
  await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), {
    recursive: true,
  });
  await Deno.copyFile(`${from}/${path}`, target);
}
