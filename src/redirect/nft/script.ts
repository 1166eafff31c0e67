/** Scripts for `nft -f -`; each is one transaction, taken as a whole or not at all. */
import { hasPlannedChains } from "./compare.ts";
import { type NftTablePlan, OWN_TABLES } from "./plan.ts";
import { ruleLine } from "./rule.ts";
import type { NftRuleset, NftTable } from "./ruleset.ts";

/**
 * What turns the tables found into the ones planned. The chains of a table stay
 * where only rules differ, so that the kernel goes on translating what it does.
 */
export function applyScript(
  plan: readonly NftTablePlan[],
  found: NftRuleset,
): string {
  const names = plan.map(({ name }) => name);
  return [
    ...OWN_TABLES
      .filter((name) => !names.includes(name) && found.tables.has(name))
      .flatMap(deletion),
    ...plan.flatMap((table) => tableLines(table, found.tables.get(table.name))),
    "",
  ].join("\n");
}

/** What deletes our tables; empty when there are none. */
export function removalScript({ tables }: NftRuleset): string {
  const lines = OWN_TABLES.filter((name) => tables.has(name))
    .flatMap(deletion);
  return lines.length === 0 ? "" : [...lines, ""].join("\n");
}

/** Deleting what somebody has just deleted would fail the whole script. */
export const deletion = (table: string): string[] => [
  `add table inet ${table}`,
  `delete table inet ${table}`,
];

/** What makes one table as planned. */
export function tableLines(
  table: NftTablePlan,
  found: NftTable | undefined,
): string[] {
  const { name, chains } = table;
  const cleared = hasPlannedChains(table, found)
    ? [`flush table inet ${name}`]
    : found === undefined
    ? []
    : deletion(name);
  return [
    ...cleared,
    `add table inet ${name}`,
    ...chains.map(({ name: chain, base }) =>
      `add chain inet ${name} ${chain}${
        base === undefined ? "" : ` { ${base} }`
      }`
    ),
    ...chains.flatMap(({ name: chain, rules }) =>
      rules.map((rule) => `add rule inet ${name} ${chain} ${ruleLine(rule)}`)
    ),
  ];
}
