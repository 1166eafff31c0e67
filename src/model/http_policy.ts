/** Authorization at layer 7, as a waypoint enforces it. Plain data. */
import type { Cidr } from "./address.ts";
import type { ExternalAuthorizer } from "./external_authorizer.ts";
import type { ServiceAccountMatch, StringMatch } from "./policy.ts";

/** Any of `values` has to hit, when there are some, and none of `notValues`. */
export interface Terms<Value> {
  readonly values: readonly Value[];
  readonly notValues: readonly Value[];
}

/** A path as it is written, or a template with `{*}` and `{**}`. */
export type PathMatch =
  | StringMatch
  | { readonly kind: "template"; readonly template: string };

/** Issuer and subject of a token; both have to hit. */
export interface RequestPrincipalMatch {
  readonly issuer: StringMatch;
  readonly subject: StringMatch;
}

/**
 * One thing that is asked of a request. What a request does not have hits no
 * value: then `values` fails and `notValues` holds.
 */
export type HttpCondition =
  /** The SPIFFE ID without its scheme. */
  | { readonly on: "principal" } & Terms<StringMatch>
  /** A namespace in which `*` stands for anything, as Istio reads it: a regular expression. */
  | { readonly on: "namespace" } & Terms<string>
  | { readonly on: "serviceAccount" } & Terms<ServiceAccountMatch>
  | { readonly on: "trustDomain" } & Terms<StringMatch>
  /** Of the client's pod. */
  | { readonly on: "sourceIp" } & Terms<Cidr>
  /** Of the client before trusted proxies. */
  | { readonly on: "remoteIp" } & Terms<Cidr>
  | { readonly on: "destinationIp" } & Terms<Cidr>
  | { readonly on: "destinationPort" } & Terms<number>
  /** Server name of a TLS connection that is passed on as it is. */
  | { readonly on: "sni" } & Terms<StringMatch>
  /** Values in lower case: hosts are compared without case. */
  | { readonly on: "host" } & Terms<StringMatch>
  | { readonly on: "method" } & Terms<StringMatch>
  | { readonly on: "path" } & Terms<PathMatch>
  /** `name` in lower case. */
  | { readonly on: "header"; readonly name: string } & Terms<StringMatch>
  | { readonly on: "requestPrincipal" } & Terms<RequestPrincipalMatch>
  | { readonly on: "audience" } & Terms<StringMatch>
  | { readonly on: "presenter" } & Terms<StringMatch>
  /** `path` leads from the payload's root to the claim. */
  | { readonly on: "claim"; readonly path: readonly string[] }
    & Terms<StringMatch>;

/** All of its conditions have to hold; without any it always holds. */
export type HttpClause = readonly HttpCondition[];

/** Any clause of `from`, any of `to`, and all of `when`; an empty list of clauses holds. */
export interface HttpRule {
  /** Its place in the policy as written, which reports name. */
  readonly index: number;
  readonly from: readonly HttpClause[];
  readonly to: readonly HttpClause[];
  readonly when: HttpClause;
}

interface PolicyOf<Action extends string> {
  readonly namespace: string;
  readonly name: string;
  readonly action: Action;
  /** Evaluated and reported, never enforced. */
  readonly dryRun: boolean;
  /** Any rule is enough; a policy without rules never matches. */
  readonly rules: readonly HttpRule[];
}

/** An AuthorizationPolicy as a waypoint enforces it. */
export type HttpPolicy =
  | PolicyOf<"ALLOW">
  | PolicyOf<"DENY">
  | PolicyOf<"AUDIT">
  | PolicyOf<"CUSTOM"> & {
    readonly provider: string;
    /** undefined when no provider of that name can be used: what the policy matches is denied. */
    readonly authorizer: ExternalAuthorizer | undefined;
  };
