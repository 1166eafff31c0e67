/** What the admin server is told when it asks; plain data, never live objects. */
import type { Config } from "../config/mod.ts";
import type { SocketAddress } from "../model/address.ts";
import type { CertificateState } from "../model/certificate.ts";
import type { Policy } from "../model/policy.ts";
import type { Service } from "../model/service.ts";
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
  /** Why the last reload was not taken, one line each. */
  readonly configErrors: readonly string[];
  /** Sections of hairpin's own, such as `routes`, by key. */
  readonly additions?: Readonly<Record<string, Json>>;
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

export interface ConnectionRow {
  readonly src: SocketAddress;
  /** Outbound: what the application asked for. Inbound: the service named by the peer, if any. */
  readonly originalDst?: string;
  readonly actualDst: SocketAddress;
  readonly protocol: "TCP" | "HBONE" | "DOUBLEHBONE";
  readonly lane?: Lane;
  /** Who moves the bytes. */
  readonly relay?: "kernel" | "user";
}
