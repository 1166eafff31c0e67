/**
 * Calls from scripts of another origin.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import type {
  CorsPolicy,
  HeaderModifier,
  HostMatch,
  OriginMatch,
} from "../../model/http_filters.ts";
import { headerOf } from "./headers.ts";
import { emptyReply, type FlaggedReply } from "./failure_reply.ts";

export type CorsDecision =
  /** Not from a script of an origin that is allowed: nothing to say. */
  | { readonly kind: "silent" }
  /** Answered here; without permission where the origin has none. */
  | { readonly kind: "preflight"; readonly reply: FlaggedReply }
  /** Sent on; the response is to say this. */
  | { readonly kind: "actual"; readonly responseHeaders: HeaderModifier };

export function decideCors(
  policy: CorsPolicy,
  request: HttpRequest,
): CorsDecision {
  const origin = headerOf(request.headers, "origin");
  if (origin === undefined) return { kind: "silent" };
  const allowed = policy.allowOrigins.some((match) =>
    originMatches(match, origin)
  );
  if (isPreflight(request)) {
    const headers = allowed ? preflightHeaders(policy, request, origin) : VARY;
    return { kind: "preflight", reply: emptyReply(200, headers) };
  }
  if (!allowed) return { kind: "silent" };
  const set = [
    ...originHeaders(policy, origin),
    ...listed("access-control-expose-headers", policy.exposeHeaders),
  ];
  return {
    kind: "actual",
    responseHeaders: { set, add: VARY, remove: [] },
  };
}

/** A browser's question before the call itself. */
const isPreflight = ({ method, headers }: HttpRequest): boolean =>
  method === "OPTIONS" && headerOf(headers, "origin") !== undefined &&
  headerOf(headers, "access-control-request-method") !== undefined;

/** A cache must not give one origin's answer to another. */
const VARY: HeaderList = [["vary", "origin"]];

function originMatches(match: OriginMatch, text: string): boolean {
  if (match.kind === "any") return true;
  const origin = parseOrigin(text);
  return origin !== undefined && origin.scheme === match.scheme &&
    origin.port === match.port && hostMatches(match.host, origin.host);
}

function hostMatches({ kind, value }: HostMatch, host: string): boolean {
  if (kind === "exact") return host === value;
  return host.length > value.length && host.endsWith(value);
}

/**
 * Takes an origin apart; in lower case, the port at its scheme's default.
 *
 * @returns undefined for anything else, also for `null`.
 */
export function parseOrigin(
  text: string,
): { scheme: string; host: string; port: number | undefined } | undefined {
  const parts = ORIGIN.exec(text);
  if (parts === null) return undefined;
  const scheme = parts[1]!.toLowerCase();
  const port = parts[3] === undefined ? PORTS.get(scheme) : Number(parts[3]);
  return { scheme, host: parts[2]!.toLowerCase(), port };
}

const ORIGIN =
  /^([a-zA-Z][a-zA-Z0-9+.-]{0,31}):\/\/([^:/?#@]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::(\d{1,5}))?$/;
const PORTS: ReadonlyMap<string, number> = new Map([["http", 80], [
  "https",
  443,
]]);

function preflightHeaders(
  policy: CorsPolicy,
  { headers }: HttpRequest,
  origin: string,
): HeaderList {
  const asked = (name: string) => headerOf(headers, name) ?? "";
  const method = asked("access-control-request-method");
  const names = asked("access-control-request-headers");
  return [
    ...originHeaders(policy, origin),
    ...listed(
      "access-control-allow-methods",
      orAsked(policy, policy.allowMethods, method),
    ),
    ...listed(
      "access-control-allow-headers",
      orAsked(policy, policy.allowHeaders, names),
    ),
    ["access-control-max-age", String(policy.maxAgeSeconds)],
    ...VARY,
  ];
}

/** With credentials a browser takes `*` as a name, so what was asked for is allowed by name. */
function orAsked(
  { allowCredentials }: CorsPolicy,
  allowed: readonly string[],
  asked: string,
): readonly string[] {
  const any = allowCredentials && allowed.includes("*");
  return any ? [asked].filter((text) => text !== "") : allowed;
}

const originHeaders = (
  { allowCredentials }: CorsPolicy,
  origin: string,
): HeaderList => [
  ["access-control-allow-origin", origin],
  ...allowCredentials
    ? [["access-control-allow-credentials", "true"] as const]
    : [],
];

const listed = (name: string, values: readonly string[]): HeaderList =>
  values.length === 0 ? [] : [[name, values.join(", ")]];
