import type { Config } from "../config/mod.ts";
import type { Scope } from "../control/kube_api/mod.ts";
import { DEFAULT_SETTINGS, type Kind } from "../kube/mod.ts";

/** What the mesh of layer 4 is made of. */
const MESH: readonly Kind[] = [
  "Namespace",
  "Node",
  "Pod",
  "Service",
  "EndpointSlice",
  "ServiceEntry",
  "WorkloadEntry",
  "GatewayClass",
  "Gateway",
  "AuthorizationPolicy",
  "PeerAuthentication",
];

/** What istiod's xDS has nothing of, and what that points to. */
const LAYER_7: readonly Kind[] = [
  "Namespace",
  "Service",
  "ServiceEntry",
  "GatewayClass",
  "Gateway",
  "HTTPRoute",
  "GRPCRoute",
  "TCPRoute",
  "TLSRoute",
  "ReferenceGrant",
  "DestinationRule",
  "AuthorizationPolicy",
  "RequestAuthentication",
];

/** The objects of the Kubernetes API that a process needs, and no others. */
export function kubeScopes(
  { mode, gateway, nodeName, xds }: Pick<
    Config,
    "mode" | "gateway" | "nodeName" | "xds"
  >,
): readonly Scope[] {
  if (mode === "node") {
    return xds === undefined ? kinds(MESH) : [
      { kind: "Namespace" },
      { kind: "Pod", fieldSelector: `spec.nodeName=${nodeName}` },
    ];
  }
  const meshConfig: Scope = {
    kind: "ConfigMap",
    namespace: DEFAULT_SETTINGS.rootNamespace,
    fieldSelector: "metadata.name=istio",
  };
  if (xds === undefined) return [...kinds([...MESH, ...LAYER_7]), meshConfig];
  const { namespace = "", name = "" } = gateway ?? {};
  const labelSelector = `gateway.networking.k8s.io/gateway-name=${name}`;
  const own: Scope = { kind: "Pod", namespace, labelSelector };
  return [...kinds(LAYER_7), meshConfig, own];
}

const kinds = (names: readonly Kind[]): Scope[] =>
  [...new Set(names)].map((kind) => ({ kind }));
