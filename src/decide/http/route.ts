/** Which rule of which route takes a request, or a connection without requests. */
import type { HttpRequest } from "../../model/http.ts";
import type { HttpMatch, HttpRoute, HttpRule } from "../../model/http_route.ts";
import type { RouteKind, RouteScope } from "../../model/route_set.ts";
import { MatchedRequest, oversize } from "./matched_request.ts";
import type { PackedRoutes, PackedScope } from "./packed_routes.ts";
import { HttpIndex, OpenedRoutes } from "./route_index.ts";
import { StreamIndex, type StreamMatch } from "./stream_index.ts";

/** A call to a service's port, as routes tell calls apart before they look into them. */
export interface RouteQuery extends Omit<RouteScope, "clientNamespace"> {
  /** Of the client's proved identity; undefined when nothing was proved. */
  readonly clientNamespace: string | undefined;
}

/** A rule that takes a request. */
export interface MatchedRule {
  readonly kind: "rule";
  readonly rule: HttpRule;
  /** The one of its matches that took it. */
  readonly match: HttpMatch;
  readonly route: HttpRoute;
}

export type HttpRouteMatch =
  | MatchedRule
  /** Routes there are, but none takes it: 404, never the service itself. */
  | { readonly kind: "not-found" }
  /** No route at all: the service itself is meant. */
  | { readonly kind: "no-routes" }
  /** Too large to be asked about. */
  | { readonly kind: "refused"; readonly because: string };

/** Rules of a scope, ready to be asked. */
type Compiled =
  & { readonly kind: RouteKind }
  & (
    | { readonly layer: "http"; readonly index: HttpIndex }
    | { readonly layer: "stream"; readonly index: StreamIndex }
  );

/** All routes of a waypoint, ready to be asked. */
export class RouteTable {
  readonly #scopes = new Map<string, Compiled>();

  constructor(packed: PackedRoutes) {
    const opened = new OpenedRoutes(packed);
    for (const scope of packed.scopes) {
      this.#scopes.set(keyOf(scope), compile(scope, opened));
    }
  }

  /** The routes of the client's own namespace, else those for everybody. */
  find(query: RouteQuery): Compiled | undefined {
    const { clientNamespace, ...everybody } = query;
    const own = clientNamespace === undefined
      ? undefined
      : this.#scopes.get(keyOf({ ...everybody, clientNamespace }));
    return own ?? this.#scopes.get(keyOf(everybody));
  }
}

/** The rule that takes a request, by the Gateway API's precedence. */
export function matchRoute(
  table: RouteTable,
  request: HttpRequest,
  query: RouteQuery,
): HttpRouteMatch {
  const found = table.find(query);
  if (found === undefined) return { kind: "no-routes" };
  if (found.layer === "stream") return { kind: "not-found" };
  const because = oversize(request);
  if (because !== undefined) return { kind: "refused", because };
  const candidate = found.index.find(new MatchedRequest(request));
  if (candidate === undefined) return { kind: "not-found" };
  const { rule, match, route } = candidate;
  return { kind: "rule", rule, match, route };
}

/**
 * The rule that takes a connection which is not read as HTTP.
 *
 * @param serverName The name that the client asks for in TLS, if it does.
 */
export function matchStream(
  table: RouteTable,
  serverName: string | undefined,
  query: RouteQuery,
): StreamMatch | { readonly kind: "no-routes" } {
  const found = table.find(query);
  if (found === undefined) return { kind: "no-routes" };
  if (found.layer === "http") return { kind: "not-found" };
  return found.index.find(serverName);
}

function compile(scope: PackedScope, opened: OpenedRoutes): Compiled {
  const { kind, layer } = scope;
  return layer === "http"
    ? { kind, layer, index: new HttpIndex(scope.index, opened) }
    : { kind, layer, index: new StreamIndex(scope.routes) };
}

/** Names hold neither blanks nor slashes, so keys cannot collide. */
const keyOf = ({ service, port, clientNamespace = "" }: RouteScope): string =>
  `${service} ${port} ${clientNamespace}`;
