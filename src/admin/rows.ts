/** What the admin server is told when it asks; plain data, never live objects. */
import type { Config } from "../config/mod.ts";
import type { SocketAddress } from "../model/address.ts";
import type { Attached } from "../model/attached.ts";
import type { CertificateState } from "../model/certificate.ts";
import type { HttpPolicy } from "../model/http_policy.ts";
import type { HttpMatch, HttpRoute } from "../model/http_route.ts";
import type { KeyReport } from "../model/key_set.ts";
import type { PathNormalization } from "../model/mesh_config.ts";
import type { Policy } from "../model/policy.ts";
import type { RequestAuthentication } from "../model/request_authentication.ts";
import type { RouteKind, RouteScope, StreamRoute } from "../model/route_set.ts";
import type { Service } from "../model/service.ts";
import type { WaypointConfig } from "../model/waypoint_config.ts";
import type { PortMap, ServiceKey, Workload } from "../model/workload.ts";
import type { Lane } from "../telemetry/hairpin_metrics.ts";
import type { Json } from "./json.ts";

/** Everything that `/config_dump` shows. */
export interface ConfigDump {
  readonly config: Config;
  readonly version: VersionRow;
  readonly workloads: readonly Workload[];
  readonly services: readonly ServiceRow[];
  readonly policies: readonly Policy[];
  /** Endpoints of services that are not known yet. */
  readonly stagedServices: readonly StagedServiceRow[];
  /** What the local file said when it was read. */
  readonly staticConfig: StaticConfigRow;
  readonly certificates: readonly CertificateRow[];
  /** Pods served here; absent in waypoint mode. */
  readonly pods?: readonly PodRow[];
  /** Pods that are past the proxy, though they belong to the mesh. */
  readonly bypassedPods?: readonly BypassedPodRow[];
  /** What labels want of this node's pods, and what they are annotated with. */
  readonly podMarks?: readonly PodMarkRow[];
  /** Why the last reload was not taken, one line each. */
  readonly configErrors: readonly string[];
  /** What it does at layer 7; absent in node mode. */
  readonly waypoint?: WaypointRow;
  /** Sections of hairpin's own, such as `routes`, by key. */
  readonly additions?: Readonly<Record<string, Json>>;
}

/** What a waypoint was told, and what it holds. */
export interface WaypointRow {
  readonly config: Omit<WaypointConfig, "routes">;
  readonly routes: readonly RouteScopeRow[];
  readonly policies: Attached<HttpPolicy>;
  readonly requestAuthentications: Attached<RequestAuthentication>;
  readonly pathNormalization: PathNormalization;
  readonly keys: readonly KeyReport[];
}

/** The routes of one port, in the order in which they are asked. */
export type RouteScopeRow =
  & RouteScope
  & (
    | {
      readonly layer: "http";
      readonly kind: RouteKind;
      readonly matches: readonly PlacedMatchRow[];
    }
    | {
      readonly layer: "stream";
      readonly kind: RouteKind;
      readonly routes: readonly StreamRoute[];
    }
  );

export interface PlacedMatchRow {
  readonly match: HttpMatch;
  readonly route: HttpRoute;
  /** Position of its rule in the route, from 0. */
  readonly ruleIndex: number;
}

/** Build facts under the names that ztunnel gives them. */
export interface VersionRow {
  readonly version: string;
  readonly gitRevision: string;
  readonly rustVersion: string;
  readonly buildProfile: string;
  readonly buildStatus: string;
  readonly istioVersion: string;
  readonly cryptoProvider: string;
}

export interface EndpointRow {
  readonly workload: Pick<Workload, "uid" | "status">;
  readonly ports: PortMap;
}

export interface ServiceRow {
  readonly service: Service;
  /** Healthy or not. */
  readonly endpoints: Iterable<EndpointRow>;
}

export interface StagedServiceRow {
  readonly key: ServiceKey;
  readonly endpoints: Iterable<EndpointRow>;
}

export interface StaticConfigRow {
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];
  readonly policies: readonly Policy[];
}

export interface CertificateRow {
  /** SPIFFE ID. */
  readonly identity: string;
  readonly state: CertificateState;
}

export interface PodRow {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** `Pending` until its listeners are open. */
  readonly state: "Pending" | "Up";
  /** Absent until it was up for the first time. */
  readonly connections?: {
    readonly inbound: readonly ConnectionRow[];
    readonly outbound: readonly ConnectionRow[];
  };
}

export interface BypassedPodRow {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** Milliseconds since 1970; undefined: until somebody ends it. */
  readonly untilMs: number | undefined;
}

export interface PodMarkRow {
  readonly namespace: string;
  readonly name: string;
  /** By labels. */
  readonly wanted: boolean;
  /** `enabled` or `pending`, as the Kubernetes API has it. */
  readonly mark: string | undefined;
}

export interface ConnectionRow {
  readonly src: SocketAddress;
  /** Outbound: what the application asked for. Inbound: the service named by the peer, if any. */
  readonly originalDst?: string;
  readonly actualDst: SocketAddress;
  readonly protocol: "TCP" | "HBONE" | "DOUBLEHBONE";
  readonly lane?: Lane;
  /** Who moves the bytes. */
  readonly relay?: "kernel" | "splice" | "user";
}
