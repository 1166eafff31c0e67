import { listDifferences } from "../rule_list.ts";
import { type NftChainPlan, type NftTablePlan, OWN_TABLES } from "./plan.ts";
import { meaningOf, type NftRule, ruleLine } from "./rule.ts";
import type { NftChain, NftRuleset, NftTable } from "./ruleset.ts";

/** Whether a redirector's tables are there, ours or another's. */
export const holdsOwnTables = ({ tables }: NftRuleset): boolean =>
  OWN_TABLES.some((name) => tables.has(name));

/**
 * What keeps the tables found from being the ones planned, one line each; empty
 * when they mean the same. Tables of others are no difference.
 */
export function compareNft(
  plan: readonly NftTablePlan[],
  found: NftRuleset,
): string[] {
  return OWN_TABLES.flatMap((name) =>
    compareTable(
      plan.find((table) => table.name === name),
      found.tables.get(name),
    ).map((difference) => `inet ${name}: ${difference}`)
  );
}

/** The same of one table. */
export function compareTable(
  plan: NftTablePlan | undefined,
  found: NftTable | undefined,
): string[] {
  if (plan === undefined) {
    return found === undefined ? [] : ["the table is not expected"];
  }
  if (found === undefined) return ["the table is missing"];
  const names = plan.chains.map(({ name }) => name);
  return [
    ...(found.hasFlags ? ["the table has flags, and wants none"] : []),
    ...plan.chains.flatMap((chain) =>
      compareChain(chain, found.chains.get(chain.name))
    ),
    ...[...found.chains.keys()].filter((name) => !names.includes(name))
      .map((name) => `chain ${name} is not expected`),
  ];
}

function compareChain(
  plan: NftChainPlan,
  found: NftChain | undefined,
): string[] {
  const { name } = plan;
  if (found === undefined) return [`chain ${name} is missing`];
  const differences = found.base === plan.base ? [] : [
    `chain ${name} is declared "${found.base ?? "no base chain"}" instead of "${
      plan.base ?? "no base chain"
    }"`,
  ];
  return [
    ...differences,
    ...listDifferences<NftRule>(plan.rules, found.rules, {
      meaningOf,
      show: (rule) => `"${name} ${ruleLine(rule)}"`,
    }),
  ];
}

/** Whether the table has just the chains that are planned, so that only their rules may differ. */
export function hasPlannedChains(
  plan: NftTablePlan,
  found: NftTable | undefined,
): boolean {
  if (found === undefined || found.hasFlags) return false;
  return found.chains.size === plan.chains.length && plan.chains.every((
    { name, base },
  ) => {
    const chain = found.chains.get(name);
    return chain !== undefined && chain.base === base;
  });
}
