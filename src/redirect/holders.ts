import { CommandError } from "../sys/command.ts";
import { readKernelFile } from "../sys/kernel_file.ts";
import type { Fd } from "../sys/libc.ts";
import { inNetns } from "../sys/netns.ts";
import type { Backend } from "./backend.ts";
import { iptablesOf } from "./binary.ts";
import { RedirectError } from "./errors.ts";
import { NFT_TIMEOUT_MS } from "./limits.ts";
import { OWN_TABLES } from "./nft/plan.ts";
import { NFTABLES } from "./nft/programs.ts";
import { type NftChainName, parseChainNames } from "./nft/ruleset.ts";
import { CHAIN_PREFIX } from "./plan.ts";
import { podRules } from "./pod_rules.ts";
import { type Netns, runOrFail } from "./programs.ts";

/**
 * The backends that hold redirection rules in a namespace, ours or another
 * redirector's: none where nobody redirects, several where a change from one to
 * another was cut short. What no installed program could have written, or can
 * show, counts as not there.
 *
 * @throws {RedirectError} when rules that are there cannot be read.
 */
export async function backendsHolding(netns: Fd): Promise<Backend[]> {
  const chains = await chainsByNft(netns);
  const holding: Backend[] = [];
  if (await holdsByIptablesNft(netns, chains)) holding.push(iptablesOf("nft"));
  const legacy = iptablesOf("legacy");
  const legacyRules = podRules(netns, legacy);
  if (
    hasLegacyTables(netns) && await unlessUnusable(() => legacyRules.exist())
  ) holding.push(legacy);
  const own: readonly string[] = OWN_TABLES;
  const isOwn = ({ family, table }: NftChainName) =>
    family === "inet" && own.includes(table);
  if (chains?.some(isOwn)) holding.push(NFTABLES);
  return holding;
}

/** Every chain of nftables, which are those of iptables-nft too; undefined without `nft`. */
async function chainsByNft(netns: Fd): Promise<NftChainName[] | undefined> {
  const args = ["-j", "list", "chains"];
  const options = { netns, timeoutMs: NFT_TIMEOUT_MS };
  const run = () => runOrFail(NFTABLES.nft, args, options);
  const result = await unlessUnusable(run);
  return result === undefined ? undefined : parseChainNames(result.stdout);
}

async function holdsByIptablesNft(
  netns: Fd,
  chains: readonly NftChainName[] | undefined,
): Promise<boolean> {
  const byIptables = chains?.filter(({ family }) =>
    family === "ip" || family === "ip6"
  );
  const isNamed = byIptables?.some(({ name }) => name.startsWith(CHAIN_PREFIX));
  // A repair cut short may have left rules in a chain that others have too.
  const mayBeFilter = byIptables?.some(({ table }) => table === "filter");
  if (isNamed === false && mayBeFilter === false) return false;
  const rules = podRules(netns, iptablesOf("nft"));
  return isNamed
    ? await rules.exist()
    : await unlessUnusable(() => rules.exist()) ?? false;
}

/** The kernel makes these tables for whoever reads them: so it is asked for their names first. */
export const hasLegacyTables = (netns: Netns): boolean =>
  netns === undefined ? namesLegacyTables() : inNetns(netns, namesLegacyTables);

const namesLegacyTables = (): boolean =>
  ["ip_tables_names", "ip6_tables_names"].some((file) =>
    readKernelFile(`/proc/thread-self/net/${file}`)?.trim()
  );

/** What programs say where they, or the kernel, cannot do a backend at all. */
const UNUSABLE = [
  "JSON support not compiled-in",
  "Protocol not supported",
  "Operation not supported",
  "Invalid argument",
];

/** undefined when the program is not installed, or has nothing to work with. */
export async function unlessUnusable<T>(
  run: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await run();
  } catch (reason) {
    if (!(reason instanceof RedirectError)) throw reason;
    const { cause, message } = reason;
    const isMissing = cause instanceof CommandError && cause.why === "missing";
    if (isMissing || UNUSABLE.some((text) => message.includes(text))) {
      return undefined;
    }
    throw reason;
  }
}
