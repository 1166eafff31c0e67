import { NFT_TIMEOUT_MS } from "../limits.ts";
import { type Netns, runOrFail } from "../programs.ts";
import { type NftRuleset, parseNftRuleset } from "./ruleset.ts";

/** Native nftables, as a way to write rules. */
export interface Nftables {
  readonly kind: "nftables";
  /** The program. */
  readonly nft: string;
}

export const NFTABLES: Nftables = { kind: "nftables", nft: "nft" };

/** What `nft` says of a table that is not there. */
const NO_TABLE = "No such file or directory";

/**
 * The tables of family inet that are in force.
 *
 * @param table Only this one, where a namespace may hold very much.
 * @throws {RedirectError} when they cannot be read.
 */
export async function readNft(
  { nft }: Nftables,
  netns: Netns,
  table?: string,
): Promise<NftRuleset> {
  const options = { netns, timeoutMs: NFT_TIMEOUT_MS };
  const what = table === undefined
    ? ["ruleset", "inet"]
    : ["table", "inet", table];
  const args = ["-j", "list", ...what];
  const tolerated = table === undefined ? undefined : NO_TABLE;
  const { stdout } = await runOrFail(nft, args, options, tolerated);
  return stdout === "" ? { tables: new Map() } : parseNftRuleset(stdout);
}

/**
 * Takes a script as one transaction; none for none.
 *
 * @throws {RedirectError} when it was not taken; all is as before then.
 */
export async function writeNft(
  { nft }: Nftables,
  netns: Netns,
  script: string,
): Promise<void> {
  if (script === "") return;
  const options = { netns, input: script, timeoutMs: NFT_TIMEOUT_MS };
  await runOrFail(nft, ["-f", "-"], options);
}
