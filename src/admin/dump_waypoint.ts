/** What a waypoint does at layer 7: no key and no token is part of it. */
import type { KeyReport } from "../model/key_set.ts";
import type {
  KeySource,
  RequestAuthentication,
  TokenPlace,
  TokenRule,
} from "../model/request_authentication.ts";
import { dumpAttached, dumpHttpPolicy } from "./dump_http_policy.ts";
import { dumpRoutes, dumpRouteStatus } from "./dump_routes.ts";
import type { Json } from "./json.ts";
import type { WaypointRow } from "./rows.ts";

export const dumpWaypoint = (waypoint: WaypointRow): Json => {
  const { config } = waypoint;
  const keys = new Map(
    waypoint.keys.map((report) => [idOf(report.source), report]),
  );
  return {
    gateway: config.gateway,
    serviceAccounts: config.serviceAccounts,
    services: config.services.map(({ key, ports }) => ({
      service: key,
      ports: ports.map(({ port, protocol }) => ({
        port,
        protocol: protocol ?? null,
      })),
    })),
    workloads: config.workloads,
    routes: waypoint.routes.map(dumpRoutes),
    routeStatuses: config.statuses.map(dumpRouteStatus),
    policies: dumpAttached(waypoint.policies, dumpHttpPolicy),
    requestAuthentications: dumpAttached(
      waypoint.requestAuthentications,
      (tokens) => dumpAuthentication(tokens, keys),
    ),
    upstreams: dumpUpstreams(config.upstreams),
    pathNormalization: waypoint.pathNormalization,
    warnings: config.warnings,
  };
};

const dumpUpstreams = (
  upstreams: WaypointRow["config"]["upstreams"],
): readonly Json[] =>
  Object.keys(upstreams).sort().map((service) => ({
    service,
    ...upstreams[service],
  }));

type Reports = ReadonlyMap<string, KeyReport>;

const dumpAuthentication = (
  { namespace, name, rules }: RequestAuthentication,
  keys: Reports,
) => ({
  namespace,
  name,
  rules: rules.map((rule) => dumpTokenRule(rule, keys)),
});

const dumpTokenRule = (rule: TokenRule, keys: Reports): Json => ({
  issuer: rule.issuer,
  audiences: rule.audiences,
  places: rule.places.map(placeText),
  forwardOriginalToken: rule.forwardOriginalToken,
  keys: dumpKeys(rule.keys, keys.get(idOf(rule.keys))),
});

const placeText = (place: TokenPlace): string => `${place.in} ${place.name}`;

function dumpKeys(source: KeySource, report: KeyReport | undefined): Json {
  const { state = "unfetched", count = 0, why, fetchedAtMs } = report ?? {};
  return {
    source: sourceText(source),
    state,
    count,
    why: why && withoutSource(why, source),
    fetchedAt: fetchedAtMs && new Date(fetchedAtMs).toISOString(),
  };
}

function sourceText(source: KeySource): string {
  switch (source.kind) {
    case "inline":
      return "inline";
    case "issuer":
      return `discovery at ${withoutSecrets(source.issuer)}`;
    case "uri":
      return withoutSecrets(source.uri);
    default:
      throw new Error(`unhandled: ${source satisfies never}`);
  }
}

/** Why a fetch failed names where it went. */
function withoutSource(why: string, source: KeySource): string {
  if (source.kind === "inline") return why;
  const text = source.kind === "uri" ? source.uri : source.issuer;
  return why.replaceAll(text, withoutSecrets(text));
}

/** A URL may carry a password, or a key in its query. */
function withoutSecrets(text: string): string {
  const url = URL.parse(text);
  return url === null
    ? "a URL that cannot be read"
    : `${url.origin}${url.pathname}`;
}

const idOf = (source: KeySource): string => JSON.stringify(source);
