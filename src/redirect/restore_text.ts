/** Texts for `iptables-restore --noflush`; each table is one transaction. */
import { jumpsToOwn, ownChains, TABLES } from "./compare.ts";
import {
  type FamilyPlan,
  OUTPUT_CHAIN,
  PREROUTING_CHAIN,
  type TablePlan,
} from "./plan.ts";
import { section } from "./section.ts";
import type { Ruleset, TableRules } from "./ruleset.ts";

/**
 * What turns the rules found into the ones planned: chains of any redirector
 * are emptied, the ones not planned are deleted, and rules that lead into them
 * are replaced. Rules of others stay.
 */
export function restoreText(plan: FamilyPlan, found: Ruleset): string {
  return TABLES.map((name) => {
    const table = plan.tables.find((table) => table.name === name);
    const lines = tableLines(table, found.tables.get(name));
    return section(name, lines);
  }).join("");
}

function tableLines(
  plan: TablePlan | undefined,
  found: TableRules | undefined,
): string[] {
  const there = ownChains(found);
  const planned = plan?.chains ?? [];
  const names = planned.map((chain) => chain.name);
  return [
    ...emptied(there),
    // -N fails where : would empty a chain that somebody made meanwhile.
    ...names.filter((name) => !there.includes(name))
      .map((name) => `-N ${name}`),
    ...jumpsToOwn(found).map(({ chain, rule }) => `-D ${chain} ${rule}`),
    ...there.filter((name) => !names.includes(name))
      .map((name) => `-X ${name}`),
    ...(plan?.jumps ?? []).map(({ from, to }) => `-A ${from} -j ${to}`),
    ...planned.flatMap(({ name, rules }) =>
      rules.map((rule) => `-A ${name} ${rule}`)
    ),
  ];
}

/**
 * What removes our chains and the rules that lead into them, and nothing else;
 * empty when there is nothing to remove.
 */
export function removalText(found: Ruleset): string {
  const isOurs = (name: string) =>
    name === PREROUTING_CHAIN || name === OUTPUT_CHAIN;
  return TABLES.map((name) => {
    const table = found.tables.get(name);
    const there = ownChains(table).filter(isOurs);
    return section(name, [
      ...emptied(there),
      ...jumpsToOwn(table, isOurs).map(({ chain, rule }) =>
        `-D ${chain} ${rule}`
      ),
      ...there.map((chain) => `-X ${chain}`),
    ]);
  }).join("");
}

const emptied = (chains: readonly string[]) =>
  chains.map((name) => `:${name} - [0:0]`);
