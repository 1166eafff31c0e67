/** Which routes decide about which port of which service. Plain data. */
import type { WeightedBackend } from "./backend.ts";
import type { HttpRoute } from "./http_route.ts";
import type { ServiceKey } from "./workload.ts";

/** One rule of a TCPRoute or TLSRoute. */
export interface StreamRule {
  readonly name?: string;
  readonly backends: readonly WeightedBackend[];
}

/** A TCPRoute, or a TLSRoute by the name that the client asks for in TLS. */
export interface StreamRoute {
  readonly kind: "TCPRoute" | "TLSRoute";
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since 1970; 0 where it is not known, which counts as oldest. */
  readonly createdAtMs: number;
  /** Server names in lower case, `*.x` for all below x; empty takes any. */
  readonly hostnames: readonly string[];
  readonly rules: readonly StreamRule[];
}

/** Which port of a service, and whose calls to it. */
export interface RouteScope {
  readonly service: ServiceKey;
  readonly port: number;
  /**
   * Whose calls: only those from this namespace, which then see nothing of the
   * routes for all (a consumer route); absent for everybody's.
   */
  readonly clientNamespace?: string;
}

/** All routes of one scope: of the highest kind only, in any order. */
export type RouteSet = RouteScope & (HttpRoutes | StreamRoutes);

interface HttpRoutes {
  readonly layer: "http";
  readonly kind: "HTTPRoute" | "GRPCRoute";
  readonly routes: readonly HttpRoute[];
}

interface StreamRoutes {
  readonly layer: "stream";
  readonly kind: "TLSRoute" | "TCPRoute";
  readonly routes: readonly StreamRoute[];
}

export type RouteKind = RouteSet["kind"];
