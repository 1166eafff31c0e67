import type { Cidr, Ip } from "./address.ts";
import type { GatewayAddress, PortMap, ServiceKey } from "./workload.ts";

export type RoutingScope =
  | "Network"
  | "Region"
  | "Zone"
  | "Subzone"
  | "Node"
  | "Cluster";

export interface LoadBalancer {
  /** Scopes in order of preference. */
  readonly routingPreferences: readonly RoutingScope[];
  readonly mode: "Standard" | "Strict" | "Failover" | "Passthrough";
  readonly healthPolicy: "OnlyHealthy" | "AllowAll";
}

/** What a port speaks, in WDS's words. The first three are HTTP. */
export type AppProtocol = "HTTP11" | "HTTP2" | "GRPC" | "TCP" | "TLS";

/** One service, as Istio's WDS describes it (istio.workload.Service). */
export interface Service {
  readonly name: string;
  readonly namespace: string;
  readonly hostname: string;
  readonly vips: readonly { readonly network: string; readonly ip: Ip }[];
  readonly cidrVips: readonly {
    readonly network: string;
    readonly cidr: Cidr;
  }[];
  readonly ports: PortMap;
  /** What ports speak; a port that is not named has to be looked into. */
  readonly appProtocols?: Readonly<Record<number, AppProtocol>>;
  /** SPIFFE IDs that an endpoint may also prove, beside its own. */
  readonly subjectAltNames: readonly string[];
  readonly waypoint?: GatewayAddress;
  readonly weightedWaypoints: readonly {
    readonly destination: GatewayAddress;
    readonly weight: number;
  }[];
  readonly loadBalancer?: LoadBalancer;
  /** undefined: automatic, no restriction. */
  readonly ipFamilies?: "IPv4" | "IPv6" | "Dual";
  readonly canonical: boolean;
  readonly visibility: "Public" | "Namespace";
}

/** A service with every field at the value that WDS gives an absent one. */
export const DEFAULT_SERVICE: Service = {
  name: "",
  namespace: "",
  hostname: "",
  vips: [],
  cidrVips: [],
  ports: {},
  subjectAltNames: [],
  weightedWaypoints: [],
  canonical: false,
  visibility: "Public",
};

export const serviceKey = (
  s: Pick<Service, "namespace" | "hostname">,
): ServiceKey => `${s.namespace}/${s.hostname}`;
