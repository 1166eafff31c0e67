/** Judgements on the rules in a pod's namespace. */
import {
  compareRules,
  DEFAULT_REDIRECT_OPTIONS,
  type Family,
  hasResidue,
  planRedirect,
  type Ruleset,
  targetOf,
} from "../../redirect/mod.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { NAMED_MAX } from "./limits.ts";

/** The rules of one family in one of the kernel's two backends. */
export interface FoundRules {
  readonly backend: "legacy" | "nft";
  readonly family: Family;
  readonly rules: Ruleset;
}

/** The first few, and how many more there are. */
export function namely(items: readonly string[]): string {
  const more = items.length - NAMED_MAX;
  const named = items.slice(0, NAMED_MAX).join("; ");
  return more > 0 ? `${named}; and ${more} more` : named;
}

/** The backends in which somebody redirects. */
export const backendsIn = (all: readonly FoundRules[]) =>
  (["nft", "legacy"] as const).filter((backend) =>
    all.some((found) => found.backend === backend && hasResidue(found.rules))
  );

/** Whether DNS is captured here; the pod may say so itself, so the rules tell. */
export const capturesDns = (all: readonly FoundRules[]): boolean =>
  all.some(({ rules }) =>
    rulesOf(rules).some(({ rule }) => rule.includes("--to-ports 15053"))
  );

/** Whether the rules of an enrolled pod are those that were planned. */
export function judgeRules(all: readonly FoundRules[]): Judgement {
  const check = "rules";
  const [backend, other] = backendsIn(all);
  if (backend === undefined) {
    return failed(check, "no redirection rules", "hairpin redirect apply");
  }
  if (other !== undefined) {
    return failed(
      check,
      "both iptables backends hold redirection rules",
      "use one iptables on the node, and remove the rules of the other",
    );
  }
  const found = all.filter((one) => one.backend === backend);
  const differences = differencesOf(found, false);
  if (differences.length === 0) return ok(check, `as planned, by ${backend}`);
  if (differencesOf(found, true).length === 0) {
    return warning(
      check,
      "inbound traffic is not captured",
      "fine if the pod is annotated ambient.istio.io/bypass-inbound-capture",
    );
  }
  return failed(check, namely(differences), "hairpin redirect apply");
}

function differencesOf(
  found: readonly FoundRules[],
  ingressMode: boolean,
): string[] {
  const dnsCapture = capturesDns(found);
  const plans = planRedirect({
    ...DEFAULT_REDIRECT_OPTIONS,
    dnsCapture,
    ingressMode,
  });
  // Without IPv6 rules at all, IPv6 was not asked for.
  return plans.flatMap((plan) => {
    const one = found.find(({ family }) => family === plan.family);
    if (one === undefined) return [];
    return plan.family === 6 && !hasResidue(one.rules)
      ? []
      : compareRules(plan, one.rules);
  });
}

/** Whether a namespace that is not enrolled is free of redirection. */
export function judgeLeftover(all: readonly FoundRules[]): Judgement {
  const backends = backendsIn(all);
  return backends.length === 0 ? ok("leftover rules", "none") : failed(
    "leftover rules",
    `redirection by ${backends.join(" and ")}, and no proxy for it`,
    "hairpin redirect remove --netns PATH",
  );
}

/** Rules of others that decide before ours, or drop what ours need. */
export function judgeForeign(all: readonly FoundRules[]): Judgement {
  const check = "foreign rules";
  const each = (read: (rules: Ruleset) => string[]) =>
    all.flatMap(({ family, rules }) =>
      read(rules).map((text) => `IPv${family} ${text}`)
    );
  const hint =
    "let TCP to 15001, 15006 and 15008 through, before anything else";
  const stopping = each(stoppingRules);
  if (stopping.length > 0) return failed(check, namely(stopping), hint);
  const dropping = each(droppingChains);
  return dropping.length === 0
    ? ok(check, "none interferes")
    : warning(check, namely(dropping), hint);
}

const PORTS = /--d?ports?\s+(?:\S*,)?(?:15001|15006|15008|15053)\b/;
const STOPS = new Set(["DROP", "REJECT"]);
const DIVERTS = new Set(["REDIRECT", "DNAT", "TPROXY"]);

const droppingChains = (rules: Ruleset): string[] =>
  [...rules.tables].flatMap(([table, { chains }]) =>
    [...chains].filter(([, { policy }]) => policy === "DROP")
      .map(([chain]) => `${table}: chain ${chain} drops by policy`)
  );

const stoppingRules = (rules: Ruleset): string[] =>
  rulesOf(rules)
    .filter(({ chain, rule }) => !chain.startsWith("ISTIO") && touches(rule))
    .map(({ table, chain, rule }) => `${table}: "-A ${chain} ${rule}"`);

function touches(rule: string): boolean {
  const target = targetOf(rule) ?? "";
  if (DIVERTS.has(target)) return /(^|\s)-p tcp\b/.test(rule);
  return STOPS.has(target) && PORTS.test(rule);
}

const rulesOf = (rules: Ruleset) =>
  [...rules.tables].flatMap(([table, { chains }]) =>
    [...chains].flatMap(([chain, { rules }]) =>
      rules.map((rule) => ({ table, chain, rule }))
    )
  );
