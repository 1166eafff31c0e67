/** One object of each kind that is followed, in two versions. */
import type { Kind } from "../../../src/kube/mod.ts";

export interface Sample {
  readonly kind: Kind;
  /** The resource as kubectl names it. */
  readonly plural: string;
  readonly object: object;
  /** What a strategic or JSON merge patch changes, so that hairpin reads it differently. */
  readonly patch: object;
  /** Default: the object itself. */
  readonly subresource?: "status";
}

export const SAMPLE_NAMESPACE = "samples";
const namespace = SAMPLE_NAMESPACE;
const name = "sample";
const LABELS = { metadata: { labels: { changed: "yes" } } };

const of = (
  kind: Kind,
  apiVersion: string,
  plural: string,
  content: object,
  patch: object = LABELS,
): Sample => ({
  kind,
  plural,
  object: { apiVersion, kind, metadata: { name, namespace }, ...content },
  patch,
});

const GATEWAY = "gateway.networking.k8s.io";
const parentRefs = [{ group: "", kind: "Service", name, port: 80 }];
const rules = [{ backendRefs: [{ name, port: 80 }] }];
const route = (kind: Kind, plural: string, version = "v1") =>
  of(kind, `${GATEWAY}/${version}`, `${plural}.${GATEWAY}`, {
    spec: {
      parentRefs,
      rules,
      ...kind === "TLSRoute" && { hostnames: ["a.example"] },
    },
  });

const clusterWide = (sample: Sample, objectName: string): Sample => ({
  ...sample,
  object: { ...sample.object, metadata: { name: objectName } },
});

export const SAMPLES: readonly Sample[] = [
  clusterWide(of("Namespace", "v1", "namespaces", {}), "sample-namespace"),
  clusterWide(of("Node", "v1", "nodes", {}), "sample-node"),
  of("Pod", "v1", "pods", {
    spec: {
      nodeName: "node-1",
      containers: [{ name: "c", image: "none" }],
    },
  }),
  {
    ...of("Pod", "v1", "pods", {}, {
      status: { podIPs: [{ ip: "10.0.0.9" }] },
    }),
    subresource: "status",
  },
  of("Service", "v1", "services", { spec: { ports: [{ port: 80 }] } }),
  of("EndpointSlice", "discovery.k8s.io/v1", "endpointslices", {
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"] }],
    ports: [{ name: "http", port: 80 }],
  }),
  clusterWide(
    of("GatewayClass", `${GATEWAY}/v1`, `gatewayclasses.${GATEWAY}`, {
      spec: { controllerName: "example.com/x" },
    }),
    "sample-class",
  ),
  of("Gateway", `${GATEWAY}/v1`, `gateways.${GATEWAY}`, {
    spec: {
      gatewayClassName: "sample-class",
      listeners: [{ name: "mesh", port: 15008, protocol: "HBONE" }],
    },
  }),
  route("HTTPRoute", "httproutes"),
  route("GRPCRoute", "grpcroutes"),
  route("TCPRoute", "tcproutes"),
  route("TLSRoute", "tlsroutes"),
  of("ReferenceGrant", `${GATEWAY}/v1`, `referencegrants.${GATEWAY}`, {
    spec: {
      from: [{ group: GATEWAY, kind: "HTTPRoute", namespace }],
      to: [{ group: "", kind: "Service" }],
    },
  }),
  of(
    "ServiceEntry",
    "networking.istio.io/v1",
    "serviceentries.networking.istio.io",
    {
      spec: {
        hosts: ["a.example"],
        ports: [{ number: 80, name: "http", protocol: "HTTP" }],
        resolution: "DNS",
      },
    },
    { spec: { hosts: ["b.example"] } },
  ),
  of(
    "WorkloadEntry",
    "networking.istio.io/v1",
    "workloadentries.networking.istio.io",
    {
      spec: { address: "10.0.0.2" },
    },
    { spec: { address: "10.0.0.3" } },
  ),
  of(
    "DestinationRule",
    "networking.istio.io/v1",
    "destinationrules.networking.istio.io",
    {
      spec: { host: "a.example" },
    },
    { spec: { host: "b.example" } },
  ),
  of(
    "AuthorizationPolicy",
    "security.istio.io/v1",
    "authorizationpolicies.security.istio.io",
    {
      spec: {
        action: "DENY",
        rules: [{ to: [{ operation: { ports: ["1"] } }] }],
      },
    },
    { spec: { action: "ALLOW" } },
  ),
  of(
    "PeerAuthentication",
    "security.istio.io/v1",
    "peerauthentications.security.istio.io",
    { spec: { mtls: { mode: "STRICT" } } },
    { spec: { mtls: { mode: "PERMISSIVE" } } },
  ),
  of(
    "RequestAuthentication",
    "security.istio.io/v1",
    "requestauthentications.security.istio.io",
    { spec: { jwtRules: [{ issuer: "https://a.example" }] } },
    { spec: { jwtRules: [{ issuer: "https://b.example" }] } },
  ),
];
