/** The values of an AuthorizationPolicy as conditions of layer 7. */
import type { Cidr } from "../../model/address.ts";
import type {
  HttpCondition,
  PathMatch,
  RequestPrincipalMatch,
  Terms,
} from "../../model/http_policy.ts";
import { compileFullMatch } from "../../model/full_match.ts";
import { namespacePattern } from "../../model/namespace_pattern.ts";
import type { StringMatch } from "../../model/policy.ts";
import {
  type RuleContext,
  serviceAccountMatches,
  stringMatches,
} from "./values.ts";

export interface RuleScope extends Pick<RuleContext, "namespace"> {
  /** The mesh's own first, then its aliases. */
  readonly trustDomains: readonly string[];
}

/** What became of a field or a condition: usable, or why not. */
export type Read =
  | { readonly condition: HttpCondition }
  | { readonly bad: string };

export type Reader<Raw> = (terms: Terms<Raw>, scope: RuleScope) => Read;

/** Both lists of a field, read the same way. */
export const both = <Raw, Value>(
  { values, notValues }: Terms<Raw>,
  read: (list: readonly Raw[]) => readonly Value[],
): Terms<Value> => ({ values: read(values), notValues: read(notValues) });

type On<Value> = Extract<HttpCondition, { on: string } & Terms<Value>>["on"];
type TextOn = Exclude<On<StringMatch>, "header" | "claim">;

/** Plain patterns: `*`, `*end`, `start*` or the whole. */
export const texts = (on: TextOn): Reader<string> => (terms) => ({
  condition: { on, ...both(terms, stringMatches) } as HttpCondition,
});

export const addresses =
  (on: "sourceIp" | "remoteIp" | "destinationIp"): Reader<Cidr> => (terms) => ({
    condition: { on, ...terms },
  });

export const hosts: Reader<string> = (terms) => ({
  condition: {
    on: "host",
    ...both(
      terms,
      (list) => stringMatches(list.map((host) => host.toLowerCase())),
    ),
  },
});

export const httpPorts: Reader<number> = (terms) =>
  [...terms.values, ...terms.notValues].includes(0)
    ? { bad: "0 is not a port" }
    : { condition: { on: "destinationPort", ...terms } };

export const paths: Reader<string> = (terms) => ({
  condition: {
    on: "path",
    ...both(terms, (list) => list.flatMap((path) => pathMatches(path))),
  },
});

const pathMatches = (path: string): readonly PathMatch[] =>
  path.includes("{*}") || path.includes("{**}")
    ? [{ kind: "template", template: path }]
    : stringMatches([path]);

export const namespaces: Reader<string> = (terms) => {
  const unusable = [...terms.values, ...terms.notValues].find((value) =>
    compileFullMatch(namespacePattern(value)) === undefined
  );
  return unusable === undefined
    ? { condition: { on: "namespace", ...terms } }
    : { bad: `${JSON.stringify(unusable)} is not a pattern of namespaces` };
};

export const accounts: Reader<string> = (terms, scope) => ({
  condition: {
    on: "serviceAccount",
    ...both(terms, (list) => serviceAccountMatches(list, scope)),
  },
});

export const principals: Reader<string> = (terms, { trustDomains }) => ({
  condition: {
    on: "principal",
    ...both(
      terms,
      (list) =>
        stringMatches(list.flatMap((v) => principalNames(v, trustDomains))),
    ),
  },
});

/** The trust domain of Istio's documents, which stands for the mesh's own. */
const CLUSTER_LOCAL = "cluster.local";

/**
 * A principal under every name of the mesh, when its trust domain is one of
 * them. Only one of a SPIFFE ID's full form has a trust domain to speak of.
 */
function principalNames(
  value: string,
  trustDomains: readonly string[],
): readonly string[] {
  const [first = "", ...rest] = value.split("/");
  if (rest.length !== 4 || first === "*") return [value];
  const covers = (name: string) =>
    first.startsWith("*") ? name.endsWith(first.slice(1)) : name === first;
  if (first !== CLUSTER_LOCAL && !trustDomains.some(covers)) return [value];
  const others = trustDomains.filter((name) => !covers(name))
    .map((name) => [name, ...rest].join("/"));
  return [value, ...others];
}

/** Trust domains, where a name of the mesh stands for all of its names. */
export const trustDomains: Reader<string> = (terms, scope) => ({
  condition: {
    on: "trustDomain",
    ...both(terms, (list) =>
      stringMatches([
        ...new Set(
          list.flatMap((value) =>
            scope.trustDomains.includes(value)
              ? [value, ...scope.trustDomains]
              : [value]
          ),
        ),
      ])),
  },
});

export const requestPrincipals: Reader<string> = (terms) => ({
  condition: {
    on: "requestPrincipal",
    ...both(terms, (list) => list.map(requestPrincipal)),
  },
});

const ANY: StringMatch = { kind: "presence" };

/**
 * `issuer/subject`, split at the last slash because issuers are URLs; a star
 * may stand at either end of the whole. Without a slash, the side that has the
 * star is the one that the text is about.
 */
function requestPrincipal(value: string): RequestPrincipalMatch {
  if (value === "*") return { issuer: ANY, subject: ANY };
  const slash = value.lastIndexOf("/");
  if (slash === -1) return withoutSlash(value);
  const issuer = value.slice(0, slash);
  const subject = value.slice(slash + 1);
  if (value.startsWith("*")) {
    return { issuer: starred(issuer), subject: exact(subject) };
  }
  return {
    issuer: exact(issuer),
    subject: value.endsWith("*") ? starred(subject) : exact(subject),
  };
}

function withoutSlash(value: string): RequestPrincipalMatch {
  if (value.startsWith("*")) return { issuer: ANY, subject: starred(value) };
  return value.endsWith("*")
    ? { issuer: starred(value), subject: ANY }
    : { issuer: exact(value), subject: exact("") };
}

const exact = (value: string): StringMatch => ({ kind: "exact", value });

/** Text that starts or ends with a star, or is one. */
const starred = (value: string): StringMatch => stringMatches([value])[0]!;
