/** One `when` entry of an AuthorizationPolicy as an L4 match. */
import { type Cidr, parseCidr, parsePort } from "../../model/address.ts";
import { EMPTY_MATCH, type PolicyMatch } from "../../model/policy.ts";
import {
  principalMatches,
  type RuleContext,
  serviceAccountMatches,
  stringMatches,
  trustDomainMatches,
} from "./values.ts";
import type { AuthorizationCondition } from "../schema/authorization.ts";

/** @returns undefined for a key that L4 cannot see. */
export function conditionMatch(
  { key, values, notValues }: AuthorizationCondition,
  context: RuleContext,
): PolicyMatch | undefined {
  const twice = <T>(read: (values: readonly string[]) => T) =>
    [read(values), read(notValues)] as const;
  switch (key) {
    case "source.ip": {
      const [sourceIps, notSourceIps] = twice(cidrs);
      return { ...EMPTY_MATCH, sourceIps, notSourceIps };
    }
    case "destination.ip": {
      const [destinationIps, notDestinationIps] = twice(cidrs);
      return { ...EMPTY_MATCH, destinationIps, notDestinationIps };
    }
    case "destination.port": {
      const [destinationPorts, notDestinationPorts] = twice(ports);
      return { ...EMPTY_MATCH, destinationPorts, notDestinationPorts };
    }
    case "source.namespace": {
      const [namespaces, notNamespaces] = twice(stringMatches);
      return { ...EMPTY_MATCH, namespaces, notNamespaces };
    }
    case "source.principal": {
      const [principals, notPrincipals] = twice((v) =>
        principalMatches(v, context)
      );
      return { ...EMPTY_MATCH, principals, notPrincipals };
    }
    case "source.serviceAccount": {
      const [serviceAccounts, notServiceAccounts] = twice((v) =>
        serviceAccountMatches(v, context)
      );
      return { ...EMPTY_MATCH, serviceAccounts, notServiceAccounts };
    }
    case "source.trustDomain": {
      const [principals, notPrincipals] = twice(trustDomainMatches);
      return { ...EMPTY_MATCH, principals, notPrincipals };
    }
    default:
      return undefined;
  }
}

const cidrs = (texts: readonly string[]): Cidr[] =>
  texts.map(parseCidr).filter((cidr) => cidr !== undefined);

const ports = (texts: readonly string[]): number[] =>
  texts.map(parsePort).filter((port) => port !== undefined);
