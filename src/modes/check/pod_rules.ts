/** The redirection of one namespace, whoever wrote it and by what. */
import {
  examineNft,
  type Family,
  NFTABLES,
  type NftRedirection,
  readNft,
  RedirectError,
  verifyRouting,
} from "../../redirect/mod.ts";
import type { Fd } from "../../sys/libc.ts";
import { readAllRules } from "./gather.ts";
import type { HeldRules } from "./judge_rules.ts";

export const readHeldRules = async (netns: Fd): Promise<HeldRules> => ({
  all: await readAllRules(netns),
  nft: await nftRedirection(netns),
});

/** undefined also where nobody can look: nothing there was written by nftables, then. */
async function nftRedirection(
  netns: Fd,
): Promise<NftRedirection | undefined> {
  try {
    return examineNft(await readNft(NFTABLES, netns));
  } catch (reason) {
    if (reason instanceof RedirectError) return undefined;
    throw reason;
  }
}

/** What is missing of the routing, in the families that are redirected. */
export async function missingRouting(
  families: readonly Family[],
  netns: Fd,
): Promise<string[]> {
  const missing: string[] = [];
  for (const family of families) {
    missing.push(...await verifyRouting(family, netns));
  }
  return missing;
}

/** Of the node's own rules by nftables, the addresses that they are for. */
export async function nftProbeAddresses(): Promise<
  readonly string[] | undefined
> {
  try {
    const { tables } = await readNft(NFTABLES, undefined);
    const sets = [...tables].filter(([name]) => name.startsWith("hairpin-"))
      .flatMap(([, table]) => [...table.sets])
      .filter(([name]) => name.startsWith("istio-inpod-probes-"));
    return sets.length === 0
      ? undefined
      : sets.flatMap(([, { elements }]) => elements);
  } catch (reason) {
    if (reason instanceof RedirectError) return undefined;
    throw reason;
  }
}
