import type { Cidr } from "./address.ts";
import type { PolicyKey } from "./workload.ts";

/** Case-sensitive; `presence` wants any non-empty value. */
export type StringMatch =
  | { readonly kind: "exact"; readonly value: string }
  | { readonly kind: "prefix"; readonly value: string }
  | { readonly kind: "suffix"; readonly value: string }
  | { readonly kind: "presence" };

export interface ServiceAccountMatch {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/**
 * All families that are set must hold; within one, any positive entry (when
 * there are some) and no negative one. A match with no entry at all never holds.
 */
export interface PolicyMatch {
  readonly namespaces: readonly StringMatch[];
  readonly notNamespaces: readonly StringMatch[];
  readonly principals: readonly StringMatch[];
  readonly notPrincipals: readonly StringMatch[];
  readonly serviceAccounts: readonly ServiceAccountMatch[];
  readonly notServiceAccounts: readonly ServiceAccountMatch[];
  readonly sourceIps: readonly Cidr[];
  readonly notSourceIps: readonly Cidr[];
  readonly destinationIps: readonly Cidr[];
  readonly notDestinationIps: readonly Cidr[];
  readonly destinationPorts: readonly number[];
  readonly notDestinationPorts: readonly number[];
}

export const EMPTY_MATCH: PolicyMatch = {
  namespaces: [],
  notNamespaces: [],
  principals: [],
  notPrincipals: [],
  serviceAccounts: [],
  notServiceAccounts: [],
  sourceIps: [],
  notSourceIps: [],
  destinationIps: [],
  notDestinationIps: [],
  destinationPorts: [],
  notDestinationPorts: [],
};

/** Any match of it is enough; a clause without matches holds. */
export type PolicyClause = readonly PolicyMatch[];
/** All clauses must hold; a rule without clauses holds. */
export type PolicyRule = readonly PolicyClause[];

/** One L4 policy, as istiod sends it (istio.security.Authorization). */
export interface Policy {
  /** Store key: the xDS resource name, `<namespace>/<name>` from files. */
  readonly key: PolicyKey;
  readonly name: string;
  readonly namespace: string;
  readonly scope: "Global" | "Namespace" | "WorkloadSelector";
  readonly action: "Allow" | "Deny";
  readonly dryRun: boolean;
  /** Any rule is enough; a policy without rules never matches. */
  readonly rules: readonly PolicyRule[];
}
