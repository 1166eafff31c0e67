import { cidrContains, type SocketAddress } from "../model/address.ts";
import { type Identity, principalOf } from "../model/identity.ts";
import type {
  Policy,
  PolicyMatch,
  PolicyRule,
  ServiceAccountMatch,
  StringMatch,
} from "../model/policy.ts";

/** What a policy can judge a connection by. Addresses are the real ones, behind any tunnel. */
export interface PolicyConnection {
  readonly src: SocketAddress;
  /** What the peer proved; undefined when it came without a certificate. */
  readonly identity: Identity | undefined;
  /** The pod's address and the application's port, never that of the tunnel. */
  readonly dst: SocketAddress;
}

/** A connection with the strings that patterns are compared with, made once for all policies. */
export interface PolicySubject extends PolicyConnection {
  /** Undefined without an identity: then no pattern hits, not even an empty prefix. */
  readonly principal: string | undefined;
  /** Empty without an identity. */
  readonly namespace: string;
}

export function policySubject(connection: PolicyConnection): PolicySubject {
  const { src, identity, dst } = connection;
  const principal = identity && principalOf(identity);
  const namespace = identity?.namespace ?? "";
  return { src, identity, dst, principal, namespace };
}

/**
 * Whether a policy speaks about a connection: any of its rules must. Its action
 * and whether it is a dry run are the caller's business.
 */
export function policyMatches(policy: Policy, subject: PolicySubject): boolean {
  return policy.rules.some((rule) => ruleHolds(rule, subject));
}

/** A rule without clauses and a clause without matches hold. */
function ruleHolds(rule: PolicyRule, subject: PolicySubject): boolean {
  return rule.every((clause) =>
    clause.length === 0 || clause.some((match) => matchHolds(match, subject))
  );
}

/** A match without any entry is what is left of one that only spoke about HTTP: it never holds. */
function matchHolds(match: PolicyMatch, subject: PolicySubject): boolean {
  return !isEmpty(match) && peerHolds(match, subject) &&
    addressesHold(match, subject);
}

const isEmpty = (match: PolicyMatch): boolean =>
  Object.values(match).every((entries: readonly unknown[]) =>
    entries.length === 0
  );

function peerHolds(match: PolicyMatch, subject: PolicySubject): boolean {
  const { namespace, principal, identity } = subject;
  const inNamespace = (m: StringMatch) => stringMatches(m, namespace);
  const isPrincipal = (m: StringMatch) =>
    principal !== undefined && stringMatches(m, principal);
  const isAccount = (m: ServiceAccountMatch) =>
    identity !== undefined && identity.namespace === m.namespace &&
    identity.serviceAccount === m.serviceAccount;
  return holds(match.namespaces, match.notNamespaces, inNamespace) &&
    holds(match.principals, match.notPrincipals, isPrincipal) &&
    holds(match.serviceAccounts, match.notServiceAccounts, isAccount);
}

function addressesHold(match: PolicyMatch, subject: PolicySubject): boolean {
  const { src, dst } = subject;
  return holds(
    match.destinationPorts,
    match.notDestinationPorts,
    (port) => port === dst.port,
  ) &&
    holds(
      match.sourceIps,
      match.notSourceIps,
      (c) => cidrContains(c, src.ip),
    ) &&
    holds(
      match.destinationIps,
      match.notDestinationIps,
      (c) => cidrContains(c, dst.ip),
    );
}

/** One family of a match: some positive entry hits, if there are any, and no negative one. */
function holds<Entry>(
  positive: readonly Entry[],
  negative: readonly Entry[],
  hits: (entry: Entry) => boolean,
): boolean {
  return (positive.length === 0 || positive.some(hits)) && !negative.some(hits);
}

function stringMatches(match: StringMatch, value: string): boolean {
  switch (match.kind) {
    case "exact":
      return value === match.value;
    case "prefix":
      return value.startsWith(match.value);
    case "suffix":
      return value.endsWith(match.value);
    case "presence":
      return value !== "";
    default:
      throw new Error(`unhandled: ${match satisfies never}`);
  }
}
