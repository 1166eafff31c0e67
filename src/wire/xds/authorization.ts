import type {
  Policy,
  PolicyMatch,
  ServiceAccountMatch,
  StringMatch,
} from "../../model/policy.ts";
import { XdsResourceError } from "./errors.ts";
import {
  Action,
  type Address,
  type Authorization,
  type Match,
  Scope,
  type ServiceAccountMatch as ServiceAccountMessage,
  type StringMatch as StringMatchMessage,
} from "./gen/authorization_pb.ts";
import { cidrOf, enumValue, portOf } from "./values.ts";

/**
 * Reads a policy.
 *
 * ztunnel leaves out what it cannot read of a match, which can make the rest
 * match more, or less, than was meant. Here the policy is refused as a whole.
 *
 * @param key The resource's name.
 * @throws {XdsResourceError} when something in it is not known here.
 */
export function policyOf(key: string, message: Authorization): Policy {
  return {
    key,
    name: message.name,
    namespace: message.namespace,
    scope: enumValue(SCOPES, message.scope, "scope"),
    action: enumValue(ACTIONS, message.action, "action"),
    dryRun: message.dryRun,
    rules: message.rules.map(({ clauses }) =>
      clauses.map(({ matches }) => matches.map(matchOf))
    ),
  };
}

const SCOPES: Readonly<Record<number, Policy["scope"]>> = {
  [Scope.GLOBAL]: "Global",
  [Scope.NAMESPACE]: "Namespace",
  [Scope.WORKLOAD_SELECTOR]: "WorkloadSelector",
};

const ACTIONS: Readonly<Record<number, Policy["action"]>> = {
  [Action.ALLOW]: "Allow",
  [Action.DENY]: "Deny",
};

const matchOf = (match: Match): PolicyMatch => ({
  namespaces: match.namespaces.map(stringMatchOf),
  notNamespaces: match.notNamespaces.map(stringMatchOf),
  principals: match.principals.map(stringMatchOf),
  notPrincipals: match.notPrincipals.map(stringMatchOf),
  serviceAccounts: match.serviceAccounts.map(serviceAccountOf),
  notServiceAccounts: match.notServiceAccounts.map(serviceAccountOf),
  sourceIps: match.sourceIps.map(rangeOf),
  notSourceIps: match.notSourceIps.map(rangeOf),
  destinationIps: match.destinationIps.map(rangeOf),
  notDestinationIps: match.notDestinationIps.map(rangeOf),
  destinationPorts: match.destinationPorts.map(portOf),
  notDestinationPorts: match.notDestinationPorts.map(portOf),
});

const rangeOf = ({ address, length }: Address) => cidrOf(address, length);

const serviceAccountOf = (
  { namespace, serviceAccount }: ServiceAccountMessage,
): ServiceAccountMatch => ({ namespace, serviceAccount });

function stringMatchOf({ matchType }: StringMatchMessage): StringMatch {
  switch (matchType.case) {
    case "exact":
    case "prefix":
    case "suffix":
      return { kind: matchType.case, value: matchType.value };
    case "presence":
      return { kind: "presence" };
    case undefined:
      throw new XdsResourceError("a string match of an unknown kind");
    default:
      throw new Error(`unhandled: ${matchType satisfies never}`);
  }
}
