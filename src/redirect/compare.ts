import { guardrailsIn } from "./guardrails.ts";
import {
  CHAIN_PREFIX,
  type ChainPlan,
  type FamilyPlan,
  type TableName,
  type TablePlan,
} from "./plan.ts";
import { listDifferences } from "./rule_list.ts";
import {
  canonicalRule,
  type ChainRules,
  type Ruleset,
  type TableRules,
  targetOf,
} from "./ruleset.ts";

/** The tables in which a redirector may have left something. */
export const TABLES: readonly TableName[] = ["filter", "mangle", "nat", "raw"];

/** Whether a redirector's chains are there, ours or another's. */
export function hasResidue(found: Ruleset): boolean {
  return TABLES.some((name) => ownChains(found.tables.get(name)).length > 0);
}

/** The chains of a table whose names say that they are a redirector's. */
export function ownChains(table: TableRules | undefined): string[] {
  return [...table?.chains.keys() ?? []]
    .filter((name) => name.startsWith(CHAIN_PREFIX));
}

/**
 * What keeps the rules found from being the ones planned, one line each;
 * empty when they are. Rules of others, in the built-in chains or their own,
 * are no difference.
 */
export function compareRules(plan: FamilyPlan, found: Ruleset): string[] {
  const family = `IPv${plan.family}`;
  const guardrails = guardrailsIn(found).map(({ chain, rule }) =>
    `${family} filter: rule "-A ${chain} ${rule}" was left by a repair cut short`
  );
  const differences = TABLES.flatMap((name) =>
    compareTable(
      plan.tables.find((table) => table.name === name),
      found.tables.get(name),
    ).map((difference) => `${family} ${name}: ${difference}`)
  );
  return [...differences, ...guardrails];
}

function compareTable(
  plan: TablePlan | undefined,
  found: TableRules | undefined,
): string[] {
  const planned = plan?.chains ?? [];
  const names = planned.map((chain) => chain.name);
  return [
    ...compareJumps(plan, found),
    ...planned.flatMap((chain) =>
      compareChain(chain, found?.chains.get(chain.name))
    ),
    ...ownChains(found).filter((name) => !names.includes(name))
      .map((name) => `chain ${name} is not expected`),
  ];
}

function compareJumps(
  plan: TablePlan | undefined,
  found: TableRules | undefined,
): string[] {
  const differences: string[] = [];
  const wanted = new Set(
    (plan?.jumps ?? []).map(({ from, to }) => `${from} -j ${to}`),
  );
  const seen = new Set<string>();
  for (const { chain, rule } of jumpsToOwn(found)) {
    const jump = `${chain} ${canonicalRule(rule)}`;
    if (!wanted.has(jump)) {
      differences.push(`rule "-A ${chain} ${rule}" is not expected`);
    } else if (seen.has(jump)) {
      differences.push(`rule "-A ${chain} ${rule}" is there twice`);
    }
    seen.add(jump);
  }
  for (const jump of wanted) {
    if (!seen.has(jump)) differences.push(`rule "-A ${jump}" is missing`);
  }
  return differences;
}

/** The rules of foreign chains that lead into a redirector's. */
export function jumpsToOwn(
  table: TableRules | undefined,
  isOwn = (chain: string) => chain.startsWith(CHAIN_PREFIX),
): { chain: string; rule: string }[] {
  return [...table?.chains ?? []].flatMap(([chain, { rules }]) =>
    isOwn(chain) ? [] : rules
      .filter((rule) => isOwn(targetOf(rule) ?? ""))
      .map((rule) => ({ chain, rule }))
  );
}

function compareChain(
  plan: ChainPlan,
  found: ChainRules | undefined,
): string[] {
  if (found === undefined) return [`chain ${plan.name} is missing`];
  return listDifferences(plan.rules, found.rules, {
    meaningOf: canonicalRule,
    show: (rule) => `"-A ${plan.name} ${rule}"`,
  });
}
