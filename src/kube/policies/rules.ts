/** One rule of an AuthorizationPolicy as L4 rules. */
import {
  EMPTY_MATCH,
  type Policy,
  type PolicyClause,
  type PolicyMatch,
  type PolicyRule,
} from "../../model/policy.ts";
import { conditionMatch } from "./conditions.ts";
import {
  isUnseenTrustDomain,
  principalMatches,
  type RuleContext,
  serviceAccountMatches,
  stringMatches,
  trustDomainMatches,
} from "./values.ts";
import type {
  AuthorizationOperation,
  AuthorizationRule,
  AuthorizationSource,
} from "../schema/authorization.ts";

export interface ConvertedRule {
  /** Any of them is enough, as of all rules of a policy. */
  readonly rules: readonly PolicyRule[];
  readonly unseen: readonly string[];
}

/** Matches that must all hold; none when L4 sees nothing of what they came from. */
type Conjunction = readonly PolicyMatch[];

export function convertRule(
  rule: AuthorizationRule,
  action: Policy["action"],
  context: RuleContext,
): ConvertedRule {
  const unseen = unseenFields(rule);
  if (action === "Allow" && unseen.length > 0) return { rules: [], unseen };
  const to = (rule.to ?? []).map(({ operation }) =>
    visible(operationMatch(operation))
  );
  const from = (rule.from ?? []).map(({ source }) =>
    sourceMatches(source, context)
  );
  const when = rule.when.map((condition) =>
    visible(conditionMatch(condition, context) ?? EMPTY_MATCH)
  );
  const rules = product(alternatives(to), alternatives(from))
    .map((clauses) => [...clauses, ...when.flatMap(asClauses)]);
  return { rules, unseen };
}

const asClauses = (all: Conjunction): PolicyClause[] =>
  all.map((match) => [match]);

/**
 * "Any of these conjunctions" in a model whose rules are "all of any": one
 * clause where each is a single match, else a rule for each.
 *
 * A conjunction that is empty holds always, and with it the whole list; so a
 * part that L4 cannot see widens a DENY and never narrows it.
 */
function alternatives(anyOf: readonly Conjunction[]): PolicyRule[] {
  if (anyOf.length === 0 || anyOf.some((all) => all.length === 0)) return [[]];
  if (anyOf.every((all) => all.length === 1)) return [[anyOf.flat()]];
  return anyOf.map(asClauses);
}

const product = (
  left: readonly PolicyRule[],
  right: readonly PolicyRule[],
): PolicyRule[] => left.flatMap((a) => right.map((b) => [...a, ...b]));

const visible = (match: PolicyMatch): Conjunction =>
  isEmpty(match) ? [] : [match];

const isEmpty = (match: PolicyMatch): boolean =>
  Object.values(match).every((list) => list.length === 0);

const operationMatch = (operation: AuthorizationOperation): PolicyMatch => ({
  ...EMPTY_MATCH,
  destinationPorts: operation.ports,
  notDestinationPorts: operation.notPorts,
});

function sourceMatches(
  source: AuthorizationSource,
  context: RuleContext,
): Conjunction {
  const main: PolicyMatch = {
    ...EMPTY_MATCH,
    sourceIps: source.ipBlocks,
    notSourceIps: source.notIpBlocks,
    namespaces: stringMatches(source.namespaces),
    notNamespaces: stringMatches(source.notNamespaces),
    serviceAccounts: serviceAccountMatches(source.serviceAccounts, context),
    notServiceAccounts: serviceAccountMatches(
      source.notServiceAccounts,
      context,
    ),
    principals: principalMatches(source.principals, context),
    notPrincipals: principalMatches(source.notPrincipals, context),
  };
  // A match of its own: in the first one, principals and trust domains would
  // be alternatives of each other.
  const trustDomain: PolicyMatch = {
    ...EMPTY_MATCH,
    principals: trustDomainMatches(source.trustDomains),
    notPrincipals: trustDomainMatches(source.notTrustDomains),
  };
  return [...visible(main), ...visible(trustDomain)];
}

const L7_SOURCE_FIELDS = [
  "requestPrincipals",
  "notRequestPrincipals",
  "remoteIpBlocks",
  "notRemoteIpBlocks",
] as const;

const L7_OPERATION_FIELDS = [
  "hosts",
  "notHosts",
  "methods",
  "notMethods",
  "paths",
  "notPaths",
] as const;

const TRUST_DOMAIN_FIELDS = ["trustDomains", "notTrustDomains"] as const;

/** The fields of a rule that a node proxy cannot evaluate. */
function unseenFields(rule: AuthorizationRule): string[] {
  const fields = [
    ...(rule.from ?? []).flatMap(({ source }) => [
      ...L7_SOURCE_FIELDS.filter((field) => source[field].length > 0),
      ...TRUST_DOMAIN_FIELDS.filter((field) =>
        source[field].some(isUnseenTrustDomain)
      ),
    ]),
    ...(rule.to ?? []).flatMap(({ operation }) =>
      L7_OPERATION_FIELDS.filter((field) => operation[field].length > 0)
    ),
    ...rule.when.filter((condition) =>
      conditionMatch(condition, { namespace: "", trustDomain: "" }) ===
        undefined ||
      (condition.key === "source.trustDomain" &&
        [...condition.values, ...condition.notValues].some(isUnseenTrustDomain))
    ).map(({ key }) => key),
  ];
  return [...new Set(fields)];
}
