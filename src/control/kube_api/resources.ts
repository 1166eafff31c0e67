/** Where the API server keeps each kind. */
import type { Kind } from "../../kube/mod.ts";

export interface KubeResource {
  /** Empty for the core group. */
  readonly group: string;
  /** The one that is asked for first, first. */
  readonly versions: readonly string[];
  readonly plural: string;
}

const core = (plural: string): KubeResource => ({
  group: "",
  versions: ["v1"],
  plural,
});

const gatewayApi = (
  plural: string,
  ...older: readonly string[]
): KubeResource => ({
  group: "gateway.networking.k8s.io",
  versions: ["v1", ...older],
  plural,
});

const networking = (plural: string): KubeResource => ({
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  plural,
});

const security = (plural: string): KubeResource => ({
  group: "security.istio.io",
  versions: ["v1", "v1beta1"],
  plural,
});

export const RESOURCES: Readonly<Record<Kind, KubeResource>> = {
  Namespace: core("namespaces"),
  Node: core("nodes"),
  Pod: core("pods"),
  Service: core("services"),
  ConfigMap: core("configmaps"),
  EndpointSlice: {
    group: "discovery.k8s.io",
    versions: ["v1"],
    plural: "endpointslices",
  },
  GatewayClass: gatewayApi("gatewayclasses", "v1beta1"),
  Gateway: gatewayApi("gateways", "v1beta1"),
  HTTPRoute: gatewayApi("httproutes", "v1beta1"),
  GRPCRoute: gatewayApi("grpcroutes", "v1alpha2"),
  TCPRoute: gatewayApi("tcproutes", "v1alpha2"),
  TLSRoute: gatewayApi("tlsroutes", "v1alpha3", "v1alpha2"),
  ReferenceGrant: gatewayApi("referencegrants", "v1beta1"),
  ServiceEntry: networking("serviceentries"),
  WorkloadEntry: networking("workloadentries"),
  DestinationRule: networking("destinationrules"),
  AuthorizationPolicy: security("authorizationpolicies"),
  PeerAuthentication: security("peerauthentications"),
  RequestAuthentication: security("requestauthentications"),
};

/** As roles and error messages name it: `gateways.gateway.networking.k8s.io`. */
export const titleOf = ({ group, plural }: KubeResource): string =>
  group === "" ? plural : `${plural}.${group}`;

/** `v1`, `gateway.networking.k8s.io/v1`. */
export const apiVersionOf = (
  { group }: KubeResource,
  version: string,
): string => group === "" ? version : `${group}/${version}`;

export interface Place {
  readonly version: string;
  /** Empty: all of them, or a kind that has none. */
  readonly namespace: string;
  /** Default: the collection. */
  readonly name?: string;
  /** Default: the object itself. */
  readonly part?: "status";
}

/** The path of a collection, of one object, or of a part of one. */
export function pathOf(
  resource: KubeResource,
  { version, namespace, name, part }: Place,
): string {
  const base = resource.group === "" ? "/api" : "/apis";
  return [
    base,
    apiVersionOf(resource, version),
    ...namespace === "" ? [] : ["namespaces", encodeURIComponent(namespace)],
    resource.plural,
    ...name === undefined ? [] : [encodeURIComponent(name)],
    ...part === undefined ? [] : [part],
  ].join("/");
}
