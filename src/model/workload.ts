import type { Ip } from "./address.ts";

/** Key of a workload: `<cluster>//Pod/<namespace>/<name>` for a pod. */
export type WorkloadUid = string;
/** Key of a service: `<namespace>/<hostname>`. */
export type ServiceKey = string;
/** Key of a policy as its source names it, usually `<namespace>/<name>`. */
export type PolicyKey = string;
/** Service port to target port; a target of 0 is a named port, resolved per endpoint. */
export type PortMap = Readonly<Record<number, number>>;

/** Where a waypoint or a network gateway is reached. */
export interface GatewayAddress {
  readonly destination:
    | {
      readonly kind: "hostname";
      readonly namespace: string;
      readonly hostname: string;
    }
    | { readonly kind: "address"; readonly network: string; readonly ip: Ip };
  /** HBONE port, usually 15008. */
  readonly hboneMtlsPort: number;
}

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subzone: string;
}

/**
 * One workload, as Istio's WDS describes it (istio.workload.Workload). Plain
 * data: it crosses threads as it is. An empty string is a legal value.
 */
export interface Workload {
  readonly uid: WorkloadUid;
  readonly name: string;
  readonly namespace: string;
  readonly ips: readonly Ip[];
  /** Resolved on demand when there are no `ips`. */
  readonly hostname: string;
  readonly network: string;
  readonly protocol: "HBONE" | "TCP";
  readonly trustDomain: string;
  readonly serviceAccount: string;
  readonly waypoint?: GatewayAddress;
  readonly networkGateway?: GatewayAddress;
  /** Kubernetes node it runs on. */
  readonly node: string;
  readonly canonicalName: string;
  readonly canonicalRevision: string;
  readonly workloadName: string;
  readonly workloadType: "deployment" | "cronjob" | "pod" | "job";
  /** True when the workload itself speaks HBONE (a waypoint). */
  readonly nativeTunnel: boolean;
  readonly applicationTunnel?: {
    readonly protocol: "NONE" | "PROXY";
    readonly port?: number;
  };
  /** The services it is an endpoint of, with this endpoint's own target ports. */
  readonly services: Readonly<Record<ServiceKey, PortMap>>;
  /** Selector-scoped policies that apply; others apply by scope. */
  readonly authorizationPolicies: readonly PolicyKey[];
  readonly status: "Healthy" | "Unhealthy";
  readonly clusterId: string;
  readonly locality: Locality;
  readonly networkMode: "Standard" | "HostNetwork";
  /** Load-balancing weight; 0 is never chosen. Default 1. */
  readonly capacity: number;
}

/** A workload with every field at the value that WDS gives an absent one. */
export const DEFAULT_WORKLOAD: Workload = {
  uid: "",
  name: "",
  namespace: "",
  ips: [],
  hostname: "",
  network: "",
  protocol: "TCP",
  trustDomain: "cluster.local",
  serviceAccount: "default",
  node: "",
  canonicalName: "",
  canonicalRevision: "",
  workloadName: "",
  workloadType: "deployment",
  nativeTunnel: false,
  services: {},
  authorizationPolicies: [],
  status: "Healthy",
  clusterId: "Kubernetes",
  locality: { region: "", zone: "", subzone: "" },
  networkMode: "Standard",
  capacity: 1,
};
