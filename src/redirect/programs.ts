import {
  CommandError,
  type CommandResult,
  runCommand,
} from "../sys/command.ts";
import type { Fd } from "../sys/libc.ts";
import type { Iptables } from "./binary.ts";
import { RedirectError } from "./errors.ts";
import { IP_TIMEOUT_MS, XTABLES_WAIT_SECONDS } from "./limits.ts";
import type { Family } from "./plan.ts";
import { parseRuleset, type Ruleset } from "./ruleset.ts";

/** Time for a command that may wait for the xtables lock first. */
const IPTABLES_TIMEOUT_MS = (XTABLES_WAIT_SECONDS + 30) * 1000;

/** Where the commands run; undefined is this process's own namespace. */
export type Netns = Fd | undefined;

/**
 * The rules in force.
 *
 * @param table Only this one, where a namespace may hold very many.
 * @throws {RedirectError} when they cannot be read.
 */
export async function readRules(
  iptables: Iptables,
  family: Family,
  netns: Netns,
  table?: string,
): Promise<Ruleset> {
  const only = table === undefined ? [] : ["-t", table];
  const { stdout } = await runOrFail(iptables[family].save, only, {
    netns,
    timeoutMs: IPTABLES_TIMEOUT_MS,
  });
  return parseRuleset(stdout);
}

/**
 * Changes rules by a text for `iptables-restore --noflush`; none for none.
 *
 * @throws {RedirectError} when it was not taken; the table then is as before.
 */
export async function writeRules(
  iptables: Iptables,
  family: Family,
  netns: Netns,
  text: string,
): Promise<void> {
  if (text === "") return;
  const args = ["--noflush", "--wait", String(XTABLES_WAIT_SECONDS)];
  const options = { netns, input: text, timeoutMs: IPTABLES_TIMEOUT_MS };
  await runOrFail(iptables[family].restore, args, options);
}

/**
 * Runs `ip` for one family.
 *
 * @param tolerated What on stderr makes a failure none: the text of an object
 * that is already as wanted.
 * @returns its output, empty after a tolerated failure.
 * @throws {RedirectError} for any other failure.
 */
export async function runIp(
  family: Family,
  netns: Netns,
  args: readonly string[],
  tolerated?: string,
): Promise<string> {
  const all = [`-${family}`, ...args];
  const options = { netns, timeoutMs: IP_TIMEOUT_MS };
  return (await runOrFail("ip", all, options, tolerated)).stdout;
}

/**
 * Runs a program that has to succeed.
 *
 * @param tolerated As for {@link runIp}.
 * @throws {RedirectError} when it cannot be run or fails, with what to do.
 */
export async function runOrFail(
  program: string,
  args: readonly string[],
  options: { netns: Netns; input?: string; timeoutMs: number },
  tolerated?: string,
): Promise<CommandResult> {
  const { netns, ...rest } = options;
  const inNetns = netns === undefined ? rest : { ...rest, netns };
  try {
    const result = await runCommand(program, args, inNetns);
    if (result.exitCode === 0) return result;
    if (tolerated !== undefined && result.stderr.includes(tolerated)) {
      return { ...result, stdout: "" };
    }
    throw failed([program, ...args].join(" "), result);
  } catch (reason) {
    throw reason instanceof CommandError ? notRun(program, reason) : reason;
  }
}

function failed(command: string, result: CommandResult): RedirectError {
  const lines = result.stderr.split("\n").map((line) => line.trim());
  const said = lines.find((line) => line !== "" && !line.startsWith("#")) ??
    "no message";
  return new RedirectError(
    `Cannot run "${command}": exit code ${result.exitCode}: ${said}${
      hintFor(result.stderr)
    }`,
  );
}

const FULL =
  "the kernel has no room for the rules: free memory or raise its limit, try again";

/** What to do about the failures that are seen in practice. */
const HINTS: readonly [text: string, hint: string][] = [
  ["xtables lock", "another program is changing rules, try again"],
  ["Permission denied", "hairpin needs CAP_NET_ADMIN and CAP_NET_RAW"],
  [
    "Could not process rule: Operation not permitted",
    "hairpin needs CAP_NET_ADMIN, and another program may own the table",
  ],
  ["Operation not permitted", "hairpin needs CAP_NET_ADMIN and CAP_NET_RAW"],
  ["you must be root", "hairpin needs CAP_NET_ADMIN and CAP_NET_RAW"],
  [
    "unable to initialize table",
    "hairpin needs CAP_NET_ADMIN and CAP_NET_RAW, and the kernel this table",
  ],
  ["Table does not exist", "the kernel lacks this iptables table"],
  ["No chain/target/match", "the kernel lacks a match or target of the rules"],
  ["missing kernel module", "the kernel lacks a match or target of the rules"],
  ["JSON support not compiled-in", "nftables with JSON support is needed"],
  ["allocat", FULL],
  ["No space left", FULL],
  ["No buffer space", FULL],
  ["Too many open files in system", FULL],
  ["device is not up", "bring up the interface lo of the namespace"],
];

function hintFor(stderr: string): string {
  const found = HINTS.find(([text]) => stderr.includes(text));
  return found === undefined ? "" : ` (hint: ${found[1]})`;
}

function notRun(program: string, error: CommandError): RedirectError {
  const hint = error.why === "missing"
    ? ` (hint: install the ${packageOf(program)} package)`
    : error.why === "timeout"
    ? " (hint: another program may be changing rules, try again)"
    : "";
  return new RedirectError(`${error.message}${hint}`, { cause: error });
}

const PACKAGES: Readonly<Record<string, string>> = {
  ip: "iproute2",
  nft: "nftables",
};

const packageOf = (program: string) =>
  PACKAGES[program.split("/").at(-1)!] ?? "iptables";
