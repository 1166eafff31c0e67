import { NFT_TIMEOUT_MS } from "../limits.ts";
import { type Netns, runOrFail } from "../programs.ts";
import { OWN_TABLES } from "./plan.ts";
import {
  completed,
  isCutOff,
  type NftRuleset,
  type NftTable,
  parseNftRuleset,
} from "./ruleset.ts";

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
 * The redirector's tables that are in force, and maybe others.
 *
 * @throws {RedirectError} when they cannot be read.
 */
export async function readNft(
  nftables: Nftables,
  netns: Netns,
): Promise<NftRuleset> {
  const text = await list(nftables, netns, ["ruleset", "inet"]);
  if (!isCutOff(text)) return parseNftRuleset(text);
  const tables = new Map<string, NftTable>();
  for (const name of OWN_TABLES) {
    const table = await readNftTable(nftables, netns, name);
    if (table !== undefined) tables.set(name, table);
  }
  return { tables };
}

/**
 * One table of family inet; undefined when it is not there.
 *
 * @throws {RedirectError} when it cannot be read.
 */
export async function readNftTable(
  nftables: Nftables,
  netns: Netns,
  name: string,
): Promise<NftTable | undefined> {
  const what = ["table", "inet", name];
  const text = await list(nftables, netns, what, NO_TABLE);
  if (text === "") return undefined;
  return parseNftRuleset(completed(text)).tables.get(name);
}

async function list(
  { nft }: Nftables,
  netns: Netns,
  what: readonly string[],
  tolerated?: string,
): Promise<string> {
  const options = { netns, timeoutMs: NFT_TIMEOUT_MS };
  const args = ["-j", "list", ...what];
  return (await runOrFail(nft, args, options, tolerated)).stdout;
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
