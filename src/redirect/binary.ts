/**
 * Which iptables to use. A kernel has two backends with rules of their own, so
 * everyone on a node must use the same one.
 */
import { CommandError, type CommandResult } from "../sys/command.ts";
import { RedirectError } from "./errors.ts";
import { XTABLES_WAIT_SECONDS } from "./limits.ts";
import type { Family } from "./plan.ts";

/** Which of the kernel's rules a program of iptables writes. */
export type Variant = "legacy" | "nft";

/** The programs of one family. */
export interface IptablesPrograms {
  readonly iptables: string;
  readonly save: string;
  readonly restore: string;
}

export interface Iptables extends Readonly<Record<Family, IptablesPrograms>> {
  readonly kind: "iptables";
  readonly variant: Variant;
}

/** Runs a program in the node's namespace. */
export type Run = (
  program: string,
  args: readonly string[],
) => Promise<CommandResult>;

export interface BinaryOptions {
  /** Whether ip6tables must be usable too. */
  readonly ipv6: boolean;
  /** `FORCE_IPTABLES_BINARY`: this backend or none. */
  readonly forced?: Variant | undefined;
}

/**
 * Chooses the backend that the node already uses: legacy when it is usable and
 * holds rules, else nft, else whatever `iptables` is.
 *
 * @throws {RedirectError} when none is usable.
 */
export async function chooseIptables(
  run: Run,
  { ipv6, forced }: BinaryOptions,
): Promise<Iptables> {
  const families: Family[] = ipv6 ? [4, 6] : [4];
  for (const name of candidates(forced)) {
    const fits = name !== "legacy" || forced !== undefined ||
      await holdsRules(run, programsOf(name, 4).save);
    if (!fits || !await allUsable(run, name, families)) continue;
    return name === "default"
      ? iptablesNamed(name, await variantOf(run, programsOf(name, 4)))
      : iptablesNamed(name, name);
  }
  throw new RedirectError(
    `Cannot use iptables: no usable ${
      forced === undefined ? "" : `${forced} `
    }iptables${
      ipv6 ? " and ip6tables" : ""
    } found (hint: install the iptables package, run with CAP_NET_ADMIN)`,
  );
}

/** The programs of one variant, by their own names. */
export const iptablesOf = (variant: Variant): Iptables =>
  iptablesNamed(variant, variant);

/** What the programs are called by; `default` are those without a variant's name. */
type Naming = Variant | "default";

const iptablesNamed = (name: Naming, variant: Variant): Iptables => ({
  kind: "iptables",
  variant,
  4: programsOf(name, 4),
  6: programsOf(name, 6),
});

const candidates = (forced?: Variant): Naming[] =>
  forced === undefined ? ["legacy", "nft", "default"] : [forced];

/** Programs older than the variants do not say, and are legacy. */
async function variantOf(
  run: Run,
  { iptables }: IptablesPrograms,
): Promise<Variant> {
  const result = await tried(run, iptables, ["--version"]);
  return result?.stdout.includes("nf_tables") ? "nft" : "legacy";
}

function programsOf(naming: Naming, family: Family): IptablesPrograms {
  const name = family === 4 ? "iptables" : "ip6tables";
  const iptables = naming === "default" ? name : `${name}-${naming}`;
  return {
    iptables,
    save: `${iptables}-save`,
    restore: `${iptables}-restore`,
  };
}

/** Lines in a dump that has at least one table. */
const LINES_WITH_RULES_MIN = 3;

async function holdsRules(run: Run, save: string): Promise<boolean> {
  const result = await tried(run, save, []);
  if (result?.exitCode !== 0) return false;
  return result.stdout.split("\n").length > LINES_WITH_RULES_MIN;
}

async function allUsable(
  run: Run,
  naming: Naming,
  families: readonly Family[],
): Promise<boolean> {
  for (const family of families) {
    if (!await isUsable(run, programsOf(naming, family).iptables)) {
      return false;
    }
  }
  return true;
}

/** Whether a rule that never matches can be added and taken away again. */
async function isUsable(run: Run, iptables: string): Promise<boolean> {
  const wait = ["--wait", String(XTABLES_WAIT_SECONDS)];
  const rule = ["INPUT", "-p", "255", "-j", "RETURN"];
  for (const action of ["-A", "-D"]) {
    const args = [...wait, "-t", "nat", action, ...rule];
    const result = await tried(run, iptables, args);
    if (result === undefined || result.exitCode !== 0) return false;
    if (result.stderr.includes("does not exist")) return false;
  }
  return true;
}

/** undefined when the program is not there. */
export async function tried(
  run: Run,
  program: string,
  args: readonly string[],
): Promise<CommandResult | undefined> {
  try {
    return await run(program, args);
  } catch (reason) {
    if (reason instanceof CommandError) return undefined;
    throw reason;
  }
}
