/** One `when` entry of an AuthorizationPolicy as a condition of layer 7. */
import { parseCidr, parsePort } from "../../model/address.ts";
import type { Terms } from "../../model/http_policy.ts";
import {
  accounts,
  addresses,
  both,
  httpPorts,
  namespaces,
  principals,
  type Read,
  type Reader,
  requestPrincipals,
  type RuleScope,
  texts,
  trustDomains,
} from "./http_values.ts";
import { stringMatches } from "./values.ts";
import type { AuthorizationCondition } from "../schema/authorization.ts";

/** Keys without a subscript. */
const READERS: Readonly<Record<string, Reader<string>>> = {
  "source.namespace": namespaces,
  "source.principal": principals,
  "source.serviceAccount": accounts,
  "source.trustDomain": trustDomains,
  "request.auth.principal": requestPrincipals,
  "request.auth.audiences": texts("audience"),
  "request.auth.presenter": texts("presenter"),
  "connection.sni": texts("sni"),
  "source.ip": parsedWith(parseCidr, addresses("sourceIp")),
  "remote.ip": parsedWith(parseCidr, addresses("remoteIp")),
  "destination.ip": parsedWith(parseCidr, addresses("destinationIp")),
  "destination.port": parsedWith(parsePort, httpPorts),
};

/** Reads one condition; every key that the schema lets pass has an answer. */
export function httpCondition(
  { key, values, notValues }: AuthorizationCondition,
  scope: RuleScope,
): Read {
  const terms = { values, notValues };
  if (Object.hasOwn(READERS, key)) return READERS[key]!(terms, scope);
  if (key.startsWith("request.headers")) return header(key, terms);
  if (key.startsWith("request.auth.claims")) {
    const path = subscripts(key);
    return { condition: { on: "claim", path, ...both(terms, stringMatches) } };
  }
  return key.startsWith("experimental.envoy.filters.")
    ? { bad: "only Envoy has this metadata" }
    : { bad: "the key is not known" };
}

/** A header's name, or one of the pseudo headers by which policies for Envoy go. */
const HEADER_NAME =
  /^([!#$%&'*+.^_`|~0-9a-z-]+|:authority|:method|:path|:scheme)$/;

function header(key: string, terms: Terms<string>): Read {
  const name = subscripts(key)[0]?.toLowerCase() ?? "";
  if (!HEADER_NAME.test(name)) {
    return { bad: `${JSON.stringify(name)} is not a header's name` };
  }
  return { condition: { on: "header", name, ...both(terms, stringMatches) } };
}

/** What stands in each pair of brackets. */
const subscripts = (key: string): string[] =>
  [...key.matchAll(/\[([^\[\]]+)\]/g)].map(([, name]) => name!);

/** Reads text values first; one that is none of its kind spoils the whole list. */
function parsedWith<Raw>(
  parse: (text: string) => Raw | undefined,
  read: Reader<Raw>,
): Reader<string> {
  return (terms, scope) => {
    const all = [...terms.values, ...terms.notValues];
    const bad = all.find((text) => parse(text) === undefined);
    if (bad !== undefined) return { bad: `${JSON.stringify(bad)} is no value` };
    const values = (list: readonly string[]) =>
      list.map(parse).filter((value) => value !== undefined);
    return read(both(terms, values), scope);
  };
}
