import { CommandError, runCommand } from "../../sys/command.ts";
import type { Fd } from "../../sys/libc.ts";
import { RedirectError } from "../errors.ts";

/** Patience with one `nft` command. */
export const NFT_TIMEOUT_MS = 30_000;

/**
 * Runs `nft` in a namespace.
 *
 * @param input A script for `-f -`.
 * @param tolerated What on stderr makes a failure none.
 * @returns its output; undefined after a tolerated failure.
 * @throws {RedirectError} for any other failure; nothing has changed then.
 */
export async function runNft(
  netns: Fd,
  args: readonly string[],
  { input, tolerated }: {
    readonly input?: string;
    readonly tolerated?: string;
  } = {},
): Promise<string | undefined> {
  const options = { netns, timeoutMs: NFT_TIMEOUT_MS, ...input && { input } };
  const result = await runCommand("nft", args, options).catch(explain);
  if (result.exitCode === 0) return result.stdout;
  if (tolerated !== undefined && result.stderr.includes(tolerated)) {
    return undefined;
  }
  const said = result.stderr.split("\n").find((line) => line.trim() !== "");
  throw new RedirectError(
    `Cannot run "nft ${args.join(" ")}": exit code ${result.exitCode}: ${
      said?.trim() ?? "no message"
    }${hintFor(result.stderr)}`,
  );
}

function explain(reason: unknown): never {
  if (!(reason instanceof CommandError)) throw reason;
  const hint = reason.why === "missing"
    ? " (hint: install the nftables package)"
    : "";
  throw new RedirectError(`${reason.message}${hint}`, { cause: reason });
}

const HINTS: readonly [text: string, hint: string][] = [
  ["Operation not permitted", "hairpin needs CAP_NET_ADMIN"],
  ["Operation not supported", "the kernel lacks what a rule needs"],
  ["No such file or directory", "the kernel lacks what a rule needs"],
];

function hintFor(stderr: string): string {
  const found = HINTS.find(([text]) => stderr.includes(text));
  return found === undefined ? "" : ` (hint: ${found[1]})`;
}
