/** Routes of all kinds, sorted by the ports of the services that they decide about. */
import type { HttpRoute } from "../../model/http_route.ts";
import type {
  RouteScope,
  RouteSet,
  StreamRoute,
} from "../../model/route_set.ts";
import type { AnyRoute } from "./read_route.ts";

interface Held {
  readonly scope: RouteScope;
  readonly kind: AnyRoute["kind"];
  readonly routes: AnyRoute[];
}

/** Gives each scope to the kind that asks for it first. */
export class RouteSets {
  readonly #held = new Map<string, Held>();

  /** @returns whether the route now decides there: false when another kind does. */
  claim(scope: RouteScope, route: AnyRoute): boolean {
    const key = `${scope.service} ${scope.port} ${scope.clientNamespace ?? ""}`;
    const held = this.#held.get(key);
    if (held === undefined) {
      this.#held.set(key, { scope, kind: route.kind, routes: [route] });
      return true;
    }
    if (held.kind !== route.kind) return false;
    if (!held.routes.includes(route)) held.routes.push(route);
    return true;
  }

  all(): RouteSet[] {
    return [...this.#held.values()].map(({ scope, kind, routes }) => {
      switch (kind) {
        case "HTTPRoute":
        case "GRPCRoute":
          return {
            ...scope,
            layer: "http",
            kind,
            routes: routes.filter(isHttp),
          };
        case "TLSRoute":
        case "TCPRoute":
          return {
            ...scope,
            layer: "stream",
            kind,
            routes: routes.filter((route) => !isHttp(route)),
          };
      }
    });
  }
}

const isHttp = (route: HttpRoute | StreamRoute): route is HttpRoute =>
  route.kind === "HTTPRoute" || route.kind === "GRPCRoute";
