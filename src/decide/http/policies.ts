/** Sets of layer 7 policies, made ready for many questions. */
import type {
  HttpClause,
  HttpPolicy,
  HttpRule,
} from "../../model/http_policy.ts";
import {
  compileCondition,
  type ConditionTest,
  type HttpPolicySubject,
  isHttpOnly,
} from "./policy_match.ts";

/** The rule of a policy that matched. */
export interface PolicyHit {
  readonly namespace: string;
  readonly name: string;
  /** Its place in the policy as written. */
  readonly rule: number;
}

export interface CompiledPolicy<Policy extends HttpPolicy = HttpPolicy> {
  readonly policy: Policy;
  /** The first rule that matches; undefined when none does. */
  readonly hit: (subject: HttpPolicySubject) => PolicyHit | undefined;
}

export type CustomPolicy = Extract<HttpPolicy, { action: "CUSTOM" }>;

export interface CompiledPolicies {
  readonly custom: readonly CompiledPolicy<CustomPolicy>[];
  readonly audit: readonly CompiledPolicy[];
  readonly deny: readonly CompiledPolicy[];
  readonly allow: readonly CompiledPolicy[];
  /** Evaluated for reports alone. */
  readonly dryRun: {
    readonly deny: readonly CompiledPolicy[];
    readonly allow: readonly CompiledPolicy[];
  };
  /** Whether CUSTOM policies deny what they match, as they name several providers and may not. */
  readonly hasRivalProviders: boolean;
}

export interface CompileOptions {
  /** What is judged. Default `http`. */
  readonly traffic?: "http" | "tcp";
  /** Whether CUSTOM policies may name several providers. Default false, as in Istio. */
  readonly severalProviders?: boolean;
}

/**
 * Prepares the policies of one service or gateway.
 *
 * For `tcp` a condition about requests cannot hold or fail: it takes the rule
 * of an ALLOW policy with it, falls out of the rule of any other policy, and a
 * CUSTOM policy with an HTTP provider does not count.
 */
export function compilePolicies(
  policies: readonly HttpPolicy[],
  { traffic = "http", severalProviders = false }: CompileOptions = {},
): CompiledPolicies {
  const compiled = <Action extends HttpPolicy["action"]>(
    action: Action,
    dryRun: boolean,
  ) =>
    policies
      .filter((p): p is Extract<HttpPolicy, { action: Action }> =>
        p.action === action && p.dryRun === dryRun
      )
      .map((policy) => compilePolicy(policy, traffic));
  const custom = compiled("CUSTOM", false);
  const providers = new Set(custom.map(({ policy }) => policy.provider));
  return {
    custom: custom.filter(({ policy }) =>
      traffic === "http" || policy.authorizer?.protocol !== "http"
    ),
    audit: compiled("AUDIT", false),
    deny: compiled("DENY", false),
    allow: compiled("ALLOW", false),
    dryRun: { deny: compiled("DENY", true), allow: compiled("ALLOW", true) },
    hasRivalProviders: providers.size > 1 && !severalProviders,
  };
}

function compilePolicy<Policy extends HttpPolicy>(
  policy: Policy,
  traffic: "http" | "tcp",
): CompiledPolicy<Policy> {
  const { namespace, name, action } = policy;
  const rules = policy.rules.flatMap((rule) => {
    const holds = compileRule(rule, action, traffic);
    return holds === undefined ? [] : [{ index: rule.index, holds }];
  });
  return {
    policy,
    hit: (subject) => {
      const rule = rules.find(({ holds }) => holds(subject));
      return rule && { namespace, name, rule: rule.index };
    },
  };
}

/** @returns undefined for a rule that is left out: it allows nothing. */
function compileRule(
  rule: HttpRule,
  action: HttpPolicy["action"],
  traffic: "http" | "tcp",
): ConditionTest | undefined {
  const clauses = (list: readonly HttpClause[]) =>
    list.map((clause) => compileClause(clause, traffic));
  const from = clauses(rule.from);
  const to = clauses(rule.to);
  const when = compileClause(rule.when, traffic);
  const isWhole = [...from, ...to, when].every(({ whole }) => whole);
  if (action === "ALLOW" && !isWhole) return undefined;
  return (subject) =>
    anyOf(from, subject) && anyOf(to, subject) && when.holds(subject);
}

interface CompiledClause {
  readonly holds: ConditionTest;
  /** Whether every condition could be kept. */
  readonly whole: boolean;
}

function compileClause(
  clause: HttpClause,
  traffic: "http" | "tcp",
): CompiledClause {
  const tests = clause
    .filter((condition) => traffic === "http" || !isHttpOnly(condition))
    .map(compileCondition).filter((test) => test !== undefined);
  return {
    holds: (subject) => tests.every((test) => test(subject)),
    whole: tests.length === clause.length,
  };
}

const anyOf = (
  clauses: readonly CompiledClause[],
  subject: HttpPolicySubject,
): boolean =>
  clauses.length === 0 || clauses.some(({ holds }) => holds(subject));
