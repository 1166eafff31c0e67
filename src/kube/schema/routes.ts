/**
 * HTTPRoute, GRPCRoute, TLSRoute and TCPRoute.
 *
 * What may grow in later versions of the API (types of matches and filters) is
 * text here and looked at rule by rule, so that one rule that is too new does
 * not take the others with it.
 */
import * as v from "valibot";
import {
  HEADER_MATCHES_MAX,
  HEADER_VALUE_LENGTH_MAX,
  HOSTNAMES_MAX,
  MATCHES_PER_ROUTE_MAX,
  MATCHES_PER_RULE_MAX,
  PATH_LENGTH_MAX,
  QUERY_MATCHES_MAX,
  QUERY_VALUE_LENGTH_MAX,
  RETRY_ATTEMPTS_MAX,
  RETRY_CODES_MAX,
  RULES_MAX,
} from "../routes/limits.ts";
import { durationMs } from "../duration.ts";
import { filled, hostName, open, parsed, text, whole } from "./fields.ts";
import {
  backendRefs,
  filters,
  headerName,
  parentRef,
  ruleName,
  streamBackendRefs,
  textUpTo,
  upTo,
} from "./route_parts.ts";

const duration = parsed(durationMs, 'is not a duration such as "10s"');
const parentRefs = upTo(32, parentRef);
const hostnames = upTo(HOSTNAMES_MAX, hostName);
const type = v.optional(filled, "Exact");

const headerMatch = open({
  type,
  name: headerName,
  value: textUpTo(HEADER_VALUE_LENGTH_MAX),
});

const headerMatches = upTo(HEADER_MATCHES_MAX, headerMatch);

const httpMatch = open({
  path: v.optional(
    open({
      type: v.optional(filled, "PathPrefix"),
      value: v.optional(textUpTo(PATH_LENGTH_MAX), "/"),
    }),
    {},
  ),
  headers: headerMatches,
  queryParams: upTo(
    QUERY_MATCHES_MAX,
    open({ type, name: filled, value: textUpTo(QUERY_VALUE_LENGTH_MAX) }),
  ),
  method: v.exactOptional(text),
});

const httpRule = open({
  name: ruleName,
  matches: upTo(MATCHES_PER_RULE_MAX, httpMatch),
  filters,
  backendRefs,
  timeouts: v.optional(
    open({
      request: v.exactOptional(duration),
      backendRequest: v.exactOptional(duration),
    }),
    {},
  ),
  retry: v.exactOptional(open({
    codes: upTo(RETRY_CODES_MAX, whole(400, 599)),
    attempts: v.exactOptional(whole(0, RETRY_ATTEMPTS_MAX)),
    backoff: v.exactOptional(duration),
  })),
});

const grpcRule = open({
  name: ruleName,
  matches: upTo(
    MATCHES_PER_RULE_MAX,
    open({
      method: v.exactOptional(open({
        type,
        service: v.exactOptional(textUpTo(PATH_LENGTH_MAX)),
        method: v.exactOptional(textUpTo(PATH_LENGTH_MAX)),
      })),
      headers: headerMatches,
    }),
  ),
  filters,
  backendRefs,
});

const streamRules = upTo(
  RULES_MAX,
  open({ name: ruleName, backendRefs: streamBackendRefs }),
);

/** Matches are limited for the whole route too. */
const rulesOf = <T extends v.GenericSchema<unknown, { matches: unknown[] }>>(
  rule: T,
) =>
  v.pipe(
    upTo(RULES_MAX, rule),
    v.check(
      (rules) =>
        rules.reduce((sum, { matches }) => sum + matches.length, 0) <=
          MATCHES_PER_ROUTE_MAX,
      `has over ${MATCHES_PER_ROUTE_MAX} matches`,
    ),
  );

/** Host names do not count for mesh parents: calls are told apart by address. */
const shared = { parentRefs, hostnames };

export const httpRouteSpec = open({ ...shared, rules: rulesOf(httpRule) });
export const grpcRouteSpec = open({ ...shared, rules: rulesOf(grpcRule) });
export const tlsRouteSpec = open({ ...shared, rules: streamRules });
export const tcpRouteSpec = open({ parentRefs, rules: streamRules });

export type HttpRuleSpec = v.InferOutput<typeof httpRule>;
export type HttpMatchSpec = v.InferOutput<typeof httpMatch>;
export type GrpcRuleSpec = v.InferOutput<typeof grpcRule>;
export type StreamRuleSpec = v.InferOutput<typeof streamRules>[number];
