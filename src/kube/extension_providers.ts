/** External authorizers from the `extensionProviders` of Istio's MeshConfig. */
import * as v from "valibot";
import { parsePort } from "../model/address.ts";
import type {
  CheckedBody,
  ExternalAuthorizer,
} from "../model/external_authorizer.ts";
import { goDurationMs } from "./duration.ts";
import { EXTENSION_PROVIDERS_MAX } from "./limits.ts";
import { stringMatches } from "./policies/values.ts";
import { formatProblem, problemOfIssue } from "./problem.ts";
import {
  filled,
  flag,
  listOf,
  mapOf,
  open,
  parsed,
  port,
  someOf,
  text,
  whole,
} from "./schema/fields.ts";

/** A number, or digits in quotes as many guides have it. */
const portOrText = v.union(
  [port, parsed((digits) => parsePort(digits) || undefined, "is not a port")],
  "is not a port (1 to 65535)",
);

const status = parsed(
  (digits) => /^[2-5]\d\d$/.test(digits) ? Number(digits) : undefined,
  'is not an HTTP status (as text: "403")',
);

const base = {
  service: filled,
  port: portOrText,
  timeout: v.exactOptional(parsed(goDurationMs, "is not a duration")),
  failOpen: v.optional(flag, false),
  statusOnError: v.exactOptional(status),
  clearRouteCache: v.optional(flag, false),
  includeRequestBodyInCheck: v.exactOptional(open({
    maxRequestBytes: v.optional(whole(1, 2 ** 31 - 1), 1_024),
    allowPartialMessage: v.optional(flag, false),
    packAsBytes: v.optional(flag, false),
  })),
};

const httpProvider = open({
  ...base,
  pathPrefix: v.optional(
    parsed(
      (path) => path === "" || path.startsWith("/") ? path : undefined,
      'does not start with "/"',
    ),
    "",
  ),
  includeRequestHeadersInCheck: someOf(filled),
  // The name of the field above before Istio 1.10.
  includeHeadersInCheck: someOf(filled),
  includeAdditionalHeadersInCheck: v.optional(mapOf(text), {}),
  headersToUpstreamOnAllow: someOf(filled),
  headersToDownstreamOnAllow: someOf(filled),
  headersToDownstreamOnDeny: someOf(filled),
});

const provider = open({
  name: filled,
  envoyExtAuthzHttp: v.exactOptional(httpProvider),
  envoyExtAuthzGrpc: v.exactOptional(open(base)),
});

const providers = v.pipe(
  listOf(v.unknown()),
  v.maxLength(
    EXTENSION_PROVIDERS_MAX,
    `has over ${EXTENSION_PROVIDERS_MAX} entries`,
  ),
);

export interface Authorizers {
  readonly authorizers: Readonly<Record<string, ExternalAuthorizer>>;
  readonly warnings: readonly string[];
}

/**
 * Reads the list of providers. One that cannot be read is left out, and so is
 * a name that is given twice: the policies that name it then deny. Providers
 * of other kinds (tracing, logging) are none of this module's business.
 */
export function readAuthorizers(raw: unknown): Authorizers {
  const list = v.safeParse(providers, raw);
  if (!list.success) {
    return { authorizers: {}, warnings: [warning("", list.issues[0])] };
  }
  const found = new Map<string, ExternalAuthorizer>();
  const taken = new Set<string>();
  const warnings: string[] = [];
  for (const [index, entry] of list.output.entries()) {
    const result = v.safeParse(provider, entry);
    if (!result.success) {
      warnings.push(warning(`[${index}]`, result.issues[0]));
      continue;
    }
    const { name } = result.output;
    if (taken.has(name)) {
      warnings.push(`MeshConfig extensionProviders: "${name}" is given twice`);
      found.delete(name);
    } else {
      const authorizer = authorizerOf(result.output);
      if (authorizer !== undefined) found.set(name, authorizer);
    }
    taken.add(name);
  }
  return { authorizers: Object.fromEntries(found), warnings };
}

const warning = (at: string, issue: v.BaseIssue<unknown>): string =>
  `MeshConfig extensionProviders${at} is left out: ${
    formatProblem(problemOfIssue(issue))
  }`;

function authorizerOf(
  entry: v.InferOutput<typeof provider>,
): ExternalAuthorizer | undefined {
  const http = entry.envoyExtAuthzHttp;
  const grpc = entry.envoyExtAuthzGrpc;
  if (http === undefined) {
    return grpc && { protocol: "grpc", ...baseOf(entry.name, grpc) };
  }
  return {
    protocol: "http",
    ...baseOf(entry.name, http),
    pathPrefix: http.pathPrefix,
    requestHeaders: names([
      ...http.includeRequestHeadersInCheck,
      ...http.includeHeadersInCheck,
    ]),
    additionalHeaders: Object.entries(http.includeAdditionalHeadersInCheck)
      .map(([name, value]) => [name.toLowerCase(), value]),
    upstreamOnAllow: names(http.headersToUpstreamOnAllow),
    downstreamOnAllow: names(http.headersToDownstreamOnAllow),
    downstreamOnDeny: names(http.headersToDownstreamOnDeny),
  };
}

/** Default of Istio for a provider without timeout. */
const TIMEOUT_MS = 600_000;

type BaseFields = v.InferOutput<ReturnType<typeof open<typeof base>>>;

const baseOf = (name: string, fields: BaseFields) => ({
  name,
  service: fields.service,
  port: fields.port,
  timeoutMs: fields.timeout || TIMEOUT_MS,
  failOpen: fields.failOpen,
  statusOnError: fields.statusOnError ?? 403,
  clearRouteCache: fields.clearRouteCache,
  body: bodyOf(fields.includeRequestBodyInCheck),
});

const bodyOf = (
  fields: BaseFields["includeRequestBodyInCheck"],
): CheckedBody | undefined =>
  fields && {
    sizeMax: fields.maxRequestBytes,
    allowPartial: fields.allowPartialMessage,
    asOctets: fields.packAsBytes,
  };

const names = (patterns: readonly string[]) =>
  stringMatches(patterns.map((pattern) => pattern.toLowerCase()));
