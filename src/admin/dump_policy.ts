/** Policies in ztunnel's JSON. */
import { formatCidr } from "../model/address.ts";
import type { Policy, PolicyMatch, StringMatch } from "../model/policy.ts";
import type { Json } from "./json.ts";

export const dumpPolicy = (policy: Policy): Json => ({
  name: policy.name,
  namespace: policy.namespace,
  scope: policy.scope,
  action: policy.action,
  dryRun: policy.dryRun,
  rules: policy.rules.map((rule) =>
    rule.map((clause) => clause.map(dumpMatch))
  ),
});

/** Families without entries are left out. */
function dumpMatch(match: PolicyMatch): Json {
  const { serviceAccounts, notServiceAccounts } = match;
  const families: Record<string, readonly Json[]> = {
    namespaces: match.namespaces.map(dumpString),
    notNamespaces: match.notNamespaces.map(dumpString),
    principals: match.principals.map(dumpString),
    notPrincipals: match.notPrincipals.map(dumpString),
    serviceAccounts: serviceAccounts.map((account) => ({ ...account })),
    notServiceAccounts: notServiceAccounts.map((account) => ({ ...account })),
    sourceIps: match.sourceIps.map(formatCidr),
    notSourceIps: match.notSourceIps.map(formatCidr),
    destinationIps: match.destinationIps.map(formatCidr),
    notDestinationIps: match.notDestinationIps.map(formatCidr),
    destinationPorts: match.destinationPorts,
    notDestinationPorts: match.notDestinationPorts,
  };
  return Object.fromEntries(
    Object.entries(families).filter(([, entries]) => entries.length > 0),
  );
}

function dumpString(match: StringMatch): Json {
  switch (match.kind) {
    case "exact":
      return { Exact: match.value };
    case "prefix":
      return { Prefix: match.value };
    case "suffix":
      return { Suffix: match.value };
    case "presence":
      return { Presence: [] };
    default:
      throw new Error(`unhandled: ${match satisfies never}`);
  }
}
