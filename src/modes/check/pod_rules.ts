/** The redirection of one namespace, whoever wrote it and by what. */
import {
  examineNft,
  type Family,
  NFTABLES,
  type NftRuleset,
  readNft,
  RedirectError,
  verifyRouting,
} from "../../redirect/mod.ts";
import type { Fd } from "../../sys/libc.ts";
import { outputOf, readAllRules } from "./gather.ts";
import type { NodeRules } from "./judge_host_rules.ts";
import { OLD_TABLES, type OldLayoutFacts } from "./judge_old_layout.ts";
import type { HeldRules } from "./judge_rules.ts";

export async function readHeldRules(netns: Fd): Promise<HeldRules> {
  const all = await readAllRules(netns);
  const ruleset = await readOwnTables(netns);
  return {
    all,
    nft: ruleset && examineNft(ruleset),
    isKnown: all.length > 0 || ruleset !== undefined,
  };
}

/** undefined when nobody can look. */
async function readOwnTables(
  netns: Fd | undefined,
): Promise<NftRuleset | undefined> {
  try {
    return await readNft(NFTABLES, netns);
  } catch (reason) {
    if (reason instanceof RedirectError) return undefined;
    throw reason;
  }
}

/** The rules of the node that this process is on. */
export async function readNodeRules(): Promise<NodeRules> {
  const all = await readAllRules();
  const ruleset = await readOwnTables(undefined);
  const sets = [...ruleset?.tables ?? []]
    .filter(([name]) => name.startsWith("hairpin-"))
    .flatMap(([, table]) => [...table.sets])
    .filter(([name]) => name.startsWith("istio-inpod-probes-"));
  return {
    all,
    nftAddresses: sets.length === 0
      ? undefined
      : sets.flatMap(([, { elements }]) => elements),
    isKnown: all.length > 0 || ruleset !== undefined,
  };
}

/** Of hairpin's tables by which a node captures its pods, the text. */
export const nodeTables = async (): Promise<
  Readonly<Record<4 | 6, string | undefined>>
> => ({
  4: await outputOf("nft", ["list", "table", "ip", "hairpin-node"]),
  6: await outputOf("nft", ["list", "table", "ip6", "hairpin-node"]),
});

/** Where Istio's preview of 2022 would have left something: in this process's namespace. */
export async function readOldLayout(): Promise<OldLayoutFacts> {
  const routes = new Map<number, string>();
  for (const table of OLD_TABLES) {
    const args = ["-o", "route", "show", "table", `${table}`];
    routes.set(table, await outputOf("ip", args) ?? "");
  }
  return {
    links: await outputOf("ip", ["-o", "link", "show"]),
    rules: await outputOf("ip", ["rule", "show"]),
    routes,
    sets: await outputOf("ipset", ["list", "-n"]),
    all: await readAllRules(),
  };
}

/** What is missing of the routing, in the families that are redirected. */
export async function missingRouting(
  families: readonly Family[],
  netns: Fd,
): Promise<string[]> {
  const missing: string[] = [];
  for (const family of families) {
    try {
      missing.push(...await verifyRouting(family, netns));
    } catch (reason) {
      if (!(reason instanceof RedirectError)) throw reason;
      missing.push(reason.message);
    }
  }
  return missing;
}
