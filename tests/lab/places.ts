import { nodeAddresses } from "./addresses.ts";
import type { PodFacts, PodPort, ServicePort } from "./manifests.ts";

/** Where a program can be started: a network namespace, by its name. */
export interface Place {
  readonly netns: string;
}

export interface LabOptions {
  /** How many nodes, `node-1` and so on. Default 2. */
  readonly nodes?: number;
}

export interface LabNode extends Place {
  readonly name: string;
  /** From 1. */
  readonly number: number;
  /** Its addresses on the wire, IPv4 and IPv6. */
  readonly ips: readonly string[];
}

export interface PodSpec {
  readonly name: string;
  readonly node: string;
  /** Default `default`. */
  readonly namespace?: string;
  /** Default: the pod's name. */
  readonly serviceAccount?: string;
  /** Default: `app` is the pod's name. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Beside hairpin's own, which names the network namespace. Default: none. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Named ports, for services that target them by name. Default: none. */
  readonly ports?: readonly PodPort[];
  /** Default true. */
  readonly ready?: boolean;
}

export interface LabPod extends Place, Omit<PodFacts, "nodeName"> {
  readonly node: string;
  /** The how-manieth pod of the lab it is, from 0. */
  readonly ordinal: number;
}

export interface ServiceSpec {
  readonly name: string;
  /** Default `default`. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
}

export interface LabService extends ServiceSpec {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Cluster IPs, IPv4 and IPv6. */
  readonly vips: readonly [v4: string, v6: string];
}

/** The node of that number at that place. */
export function nodeOf(number: number, place: Place): LabNode {
  return {
    ...place,
    name: `node-${number}`,
    number,
    ips: nodeAddresses(number).underlay,
  };
}

/** A pod with everything that its specification leaves out. */
export function podOf(
  spec: PodSpec,
  place: Place,
  ordinal: number,
  ips: readonly string[],
): LabPod {
  return {
    ...place,
    ordinal,
    ips,
    uid: crypto.randomUUID(),
    name: spec.name,
    node: spec.node,
    namespace: spec.namespace ?? "default",
    serviceAccount: spec.serviceAccount ?? spec.name,
    labels: spec.labels ?? { app: spec.name },
    annotations: spec.annotations ?? {},
    ports: spec.ports ?? [],
    ready: spec.ready ?? true,
  };
}

/** The address of a place as a URL's host: IPv6 in brackets. */
export function urlHost(ip: string): string {
  return ip.includes(":") ? `[${ip}]` : ip;
}
