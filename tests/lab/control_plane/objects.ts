/** The objects that a cluster's other programs would have made. */
import { podManifest, type PodPort } from "../manifests.ts";

/** A pod as its scheduler and kubelet would leave it. */
export interface ClusterPod {
  readonly name: string;
  /** Default `default`. */
  readonly namespace?: string;
  readonly node: string;
  readonly ips: readonly string[];
  /** Default: the pod's name. */
  readonly serviceAccount?: string;
  /** Default: `app` is the pod's name. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Default: redirected already. Give `{}` where a node agent does that. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly ports?: readonly PodPort[];
  /** Default true. */
  readonly ready?: boolean;
}

/** The pod's object, and what must exist before it. */
export function podObjects(spec: ClusterPod): readonly object[] {
  const { name, namespace = "default", node, ips, ready = true } = spec;
  const serviceAccount = spec.serviceAccount ?? name;
  const redirected = { "ambient.istio.io/redirection": "enabled" };
  return [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: serviceAccount, namespace },
    },
    podManifest({
      name,
      namespace,
      uid: "",
      serviceAccount,
      nodeName: node,
      labels: spec.labels ?? { app: name },
      annotations: spec.annotations ?? redirected,
      ips,
      ready,
      ports: spec.ports ?? [],
    }),
  ];
}

/** Istio's own settings, with more of them under the mesh's own keys. */
export function meshConfigMap(
  address: string,
  more: Readonly<Record<string, unknown>>,
): object {
  const mesh = {
    defaultConfig: { discoveryAddress: address },
    trustDomain: "cluster.local",
    rootNamespace: "istio-system",
    ...more,
  };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio", namespace: "istio-system" },
    // JSON is YAML.
    data: { mesh: JSON.stringify(mesh), meshNetworks: "networks: {}" },
  };
}

export const namespaceObject = (
  name: string,
  labels: Readonly<Record<string, string>> = {},
): object => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});

export const serviceAccountObject = (
  namespace: string,
  name: string,
): object => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, namespace },
});

export const nodeObject = (name: string): object => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: {
    name,
    labels: {
      "topology.kubernetes.io/region": "region-1",
      "topology.kubernetes.io/zone": "zone-1",
    },
  },
});
