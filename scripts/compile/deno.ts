/** Runs Deno and git for the compiler. */
import { CompileError, type CompilePlan, MAIN } from "./plan.ts";
import { type Arch, type Base, TARGETS } from "./denort.ts";
import { V8_FLAGS } from "../v8_flags.ts";

/** What a program printed. @throws {CompileError} with its words when it fails. */
export async function outputOf(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Record<string, string> },
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    ...options,
    env: { NO_COLOR: "1", ...options.env },
  }).output();
  const text = (octets: Uint8Array) => new TextDecoder().decode(octets);
  if (success) return text(stdout);
  const said = text(stderr).trim() || text(stdout).trim();
  throw new CompileError(
    `Cannot run "${program} ${args[0]}": ${said.slice(-2_000)}`,
  );
}

/** `deno info --json` of a file of the repository. */
export const infoOf = (root: string) => (path: string): Promise<string> =>
  outputOf(Deno.execPath(), ["info", "--json", path], { cwd: root });

/**
 * Arguments of `deno` that compile a stage. The program asks nobody for a right
 * that it was not given: a terminal would have it wait for an answer.
 */
export function compileArgs(
  plan: Pick<CompilePlan, "includes">,
  arch: Arch,
  output: string,
): string[] {
  return [
    ...["compile", "-P", "--no-prompt", "--no-check", "--frozen"],
    ...["--exclude-unused-npm", V8_FLAGS],
    ...["--target", TARGETS[arch], "--output", output],
    ...plan.includes.flatMap((path) => ["--include", path]),
    MAIN,
  ];
}

/** Makes one binary of a stage. @throws {CompileError} with Deno's words. */
export async function compileStage(
  { stage, plan, arch, base, output }: {
    readonly stage: string;
    readonly plan: CompilePlan;
    readonly arch: Arch;
    readonly base: Base;
    readonly output: string;
  },
): Promise<void> {
  await outputOf(Deno.execPath(), compileArgs(plan, arch, output), {
    cwd: stage,
    env: base.kind === "file" ? { DENORT_BIN: base.path } : {},
  });
}
