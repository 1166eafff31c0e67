/** Routes and requests for tests, written as short as they can be. */
import { packRoutes } from "../../../src/decide/http/pack_routes.ts";
import { matchRoute, RouteTable } from "../../../src/decide/http/route.ts";
import type { HttpRequest } from "../../../src/model/http.ts";
import {
  type HttpFilters,
  NO_FILTERS,
} from "../../../src/model/http_filters.ts";
import type {
  HttpBackend,
  HttpMatch,
  HttpRoute,
  HttpRule,
  NamedMatch,
  PathMatch,
} from "../../../src/model/http_route.ts";
import type { RouteSet, StreamRoute } from "../../../src/model/route_set.ts";

export const ECHO = "mesh/echo.mesh.svc.cluster.local";
/** A call to port 80 of ECHO from namespace `client`. */
export const CALL = { service: ECHO, port: 80, clientNamespace: "client" };

export const exact = (value: string): PathMatch => ({ kind: "exact", value });
export const prefix = (value: string): PathMatch => ({ kind: "prefix", value });
export const regex = (value: string): PathMatch => ({ kind: "regex", value });
export const named = (name: string, value: string): NamedMatch => ({
  name,
  match: { kind: "exact", value },
});

export const match = (rest: Partial<HttpMatch> = {}): HttpMatch => ({
  path: prefix(""),
  headers: [],
  query: [],
  ...rest,
});

export const backend = (
  service: string,
  rest: Partial<HttpBackend> = {},
): HttpBackend => ({
  weight: 1,
  target: { kind: "service", service, port: 80 },
  filters: NO_FILTERS,
  ...rest,
});

export const rule = (
  name: string,
  matches: readonly HttpMatch[] = [match()],
  rest: Partial<HttpRule> = {},
): HttpRule => ({
  name,
  matches,
  filters: NO_FILTERS,
  action: { kind: "forward", backends: [backend(name)] },
  timeouts: {},
  ...rest,
});

export const filtered = (filters: Partial<HttpFilters>): HttpFilters => ({
  ...NO_FILTERS,
  ...filters,
});

export const route = (
  name: string,
  rules: readonly HttpRule[],
  rest: Partial<HttpRoute> = {},
): HttpRoute => ({
  kind: "HTTPRoute",
  namespace: "mesh",
  name,
  createdAtMs: 0,
  rules,
  ...rest,
});

/** For port 80 of ECHO and everybody's calls. */
export const set = (
  routes: readonly HttpRoute[],
  rest: { port?: number; clientNamespace?: string } = {},
): RouteSet => ({
  service: ECHO,
  port: 80,
  layer: "http",
  kind: routes[0]?.kind ?? "HTTPRoute",
  routes,
  ...rest,
});

export const request = (
  path: string,
  rest: Partial<HttpRequest> = {},
): HttpRequest => ({
  method: "GET",
  scheme: "http",
  authority: "echo",
  path,
  headers: [],
  ...rest,
});

/** What a waypoint makes of routes, on both sides of its threads. */
export const compileRoutes = (sets: readonly RouteSet[]): RouteTable =>
  new RouteTable(packRoutes(sets));

/** The name of the rule that takes a request, or what else is decided. */
export function taken(
  routes: readonly HttpRoute[],
  asked: HttpRequest,
  call = CALL,
): string {
  const found = matchRoute(compileRoutes([set(routes)]), asked, call);
  return found.kind === "rule" ? found.rule.name ?? "" : found.kind;
}

/** A TLSRoute. */
export const stream = (
  name: string,
  hostnames: string[] = [],
  rest: Partial<StreamRoute> = {},
): StreamRoute => ({
  kind: "TLSRoute",
  namespace: "mesh",
  name,
  createdAtMs: 0,
  hostnames,
  rules: [{ backends: [] }],
  ...rest,
});
export const tls = (...routes: StreamRoute[]): RouteSet => ({
  service: ECHO,
  port: 443,
  layer: "stream",
  kind: "TLSRoute",
  routes,
});
