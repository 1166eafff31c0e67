/**
 * What the control thread and a data worker tell each other: one union per
 * direction, plain data only. Descriptors are numbers, since all threads share
 * the process's table; whoever opened one closes it.
 */
import type { CertificateState } from "../model/certificate.ts";
import type { PackedDelta } from "../model/packed_workload.ts";
import type { Identity } from "../model/identity.ts";
import type { KeyReport } from "../model/key_set.ts";
import type { LogFormat } from "../telemetry/log.ts";
import type { MetricsSnapshot } from "../telemetry/metrics.ts";
import type { LaneUse } from "../net/kernel_lane/mod.ts";
import type { ConnectionRow } from "../proxy/connection_table.ts";
import type { PodInfo, ProxySettings } from "../proxy/context.ts";
import type { DnsListen, DnsParts } from "../proxy/dns/mod.ts";
import type { WaypointOrders } from "../proxy/waypoint/view.ts";
import type { Fd } from "../sys/libc.ts";
import type { ListeningSocket } from "../sys/listening.ts";

/** What a worker needs to know before anything else. */
export interface WorkerSettings {
  readonly name: string;
  /** What its pods are served as: workloads, or the waypoint that it is. */
  readonly role: "node" | "waypoint";
  readonly nodeName: string;
  /** Whether it serves the one pod that it runs in, on whatever node. Default false. */
  readonly dedicated?: boolean;
  readonly proxy: ProxySettings;
  readonly pool: {
    readonly streamsPerConnectionMax: number;
    readonly unusedReleaseMs: number;
  };
  /** What is to go past user space of what needs no TLS; the kernel was found able to. */
  readonly kernelLane: LaneUse;
  readonly ipv6: boolean;
  readonly reusePort: boolean;
  /** Whether one worker takes all connections of a listener until it is busy. Default false. */
  readonly gather?: boolean;
  readonly transparent: "require" | "try" | "off";
  /** How names are resolved for pods; undefined: not at all. */
  readonly dns: DnsSettings | undefined;
  /** Whether the mesh is told on demand only. Default false. */
  readonly onDemand?: boolean;
  /** Whether a large mesh may come while connections are open. Default false. */
  readonly rehearse?: boolean;
  /** Whether revocation lists are followed. Default false. */
  readonly crl?: boolean;
  readonly log: { readonly filter: string; readonly format: LogFormat };
}

export interface DnsSettings {
  /** Where each pod has a DNS server; undefined: nowhere. */
  readonly listen: DnsListen | undefined;
  readonly names: DnsParts["names"];
  /** File that names the resolvers which other names are looked up with. */
  readonly resolvConf: string;
}

export type ToWorker =
  | {
    readonly kind: "start";
    readonly settings: WorkerSettings;
    /** Memory of the worker's {@link DescriptorLedger}. */
    readonly descriptors: SharedArrayBuffer;
  }
  | { readonly kind: "mesh"; readonly delta: PackedDelta }
  | {
    readonly kind: "certificate";
    readonly spiffeId: string;
    /** Absent when the identity is no longer needed. */
    readonly state?: CertificateState;
  }
  | {
    readonly kind: "serve";
    readonly pod: PodInfo;
    readonly netns: Fd | undefined;
  }
  /** Revocation lists, each in DER; the last ones hold. */
  | { readonly kind: "crl"; readonly crls: readonly Uint8Array[] }
  /** What a waypoint is to do; the last one holds. */
  | { readonly kind: "waypoint"; readonly orders: WaypointOrders }
  /** What was wanted is in the mesh by now, or is known not to exist. */
  | {
    readonly kind: "address";
    readonly name: string;
    /** Why nobody could say. */
    readonly failure?: string;
  }
  /** Ends a pod's connections at once and closes its listeners. */
  | { readonly kind: "stop"; readonly uid: string }
  /** Closes all listeners, lets connections end, and cuts the rest. */
  | { readonly kind: "drain"; readonly graceMs: number }
  | { readonly kind: "log-filter"; readonly filter: string }
  | { readonly kind: "snapshot"; readonly id: number }
  | { readonly kind: "ping"; readonly id: number };

/** A worker's part of metrics and dump. */
export interface WorkerSnapshot {
  readonly metrics: MetricsSnapshot;
  readonly connections: readonly {
    readonly uid: string;
    readonly rows: readonly ConnectionRow[];
  }[];
  /** Of a waypoint's token issuers. Default: none. */
  readonly keys?: readonly KeyReport[];
}

export type FromWorker =
  | { readonly kind: "loaded" }
  | { readonly kind: "want-certificate"; readonly identity: Identity }
  /** What the mesh does not have, by the control plane's name for it. */
  | { readonly kind: "want-address"; readonly name: string }
  | {
    readonly kind: "serving";
    readonly uid: string;
    readonly listening: readonly ListeningSocket[];
  }
  | {
    readonly kind: "serve-failed";
    readonly uid: string;
    readonly why: string;
  }
  | { readonly kind: "stopped"; readonly uid: string }
  | { readonly kind: "drained" }
  | {
    readonly kind: "snapshot";
    readonly id: number;
    readonly snapshot: WorkerSnapshot;
  }
  /** A message of the mesh is in force. */
  | { readonly kind: "mesh-taken" }
  | { readonly kind: "pong"; readonly id: number };
