/** All that one waypoint has to know, as plain data that crosses threads as it is. */
import type { RouteSet } from "./route_set.ts";
import type { RouteStatus } from "./route_status.ts";
import type { AppProtocol } from "./service.ts";
import type { ServiceKey, WorkloadUid } from "./workload.ts";

/** A service that the waypoint fronts. */
export interface FrontedService {
  readonly key: ServiceKey;
  readonly ports: readonly {
    readonly port: number;
    /** undefined: to be found out from the first bytes. */
    readonly protocol: AppProtocol | undefined;
  }[];
}

/** How connections to the endpoints of a service are made. */
export interface UpstreamPolicy {
  readonly balancing: "LEAST_REQUEST" | "ROUND_ROBIN" | "RANDOM";
  readonly connectTimeoutMs: number;
}

/** What holds where no DestinationRule says otherwise: Istio's defaults. */
export const DEFAULT_UPSTREAM_POLICY: UpstreamPolicy = {
  balancing: "LEAST_REQUEST",
  connectTimeoutMs: 10_000,
};

export interface WaypointConfig {
  /** `namespace/name`. */
  readonly gateway: string;
  readonly services: readonly FrontedService[];
  /** Workloads that are fronted by their own addresses. */
  readonly workloads: readonly WorkloadUid[];
  readonly routes: readonly RouteSet[];
  /** Services that a DestinationRule is for; the others have {@link DEFAULT_UPSTREAM_POLICY}. */
  readonly upstreams: Readonly<Record<ServiceKey, UpstreamPolicy>>;
  /** Of the waypoint's own pods, sorted; empty while there is none. */
  readonly serviceAccounts: readonly string[];
  readonly statuses: readonly RouteStatus[];
  /** What a user would not expect, each on one line. */
  readonly warnings: readonly string[];
}
