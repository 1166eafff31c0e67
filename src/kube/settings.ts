/** What the translation needs to know of the mesh beside its objects. */
export interface MeshSettings {
  /** Default `Kubernetes`. */
  readonly clusterId: string;
  /** Default empty. */
  readonly network: string;
  /** Default `cluster.local`. */
  readonly trustDomain: string;
  /** Default `cluster.local`. */
  readonly clusterDomain: string;
  /** Where mesh-wide policies live. Default `istio-system`. */
  readonly rootNamespace: string;
  /** Namespaces whose pods are never enrolled. Default `kube-system`. */
  readonly excludedNamespaces: readonly string[];
}

export const DEFAULT_SETTINGS: MeshSettings = {
  clusterId: "Kubernetes",
  network: "",
  trustDomain: "cluster.local",
  clusterDomain: "cluster.local",
  rootNamespace: "istio-system",
  excludedNamespaces: ["kube-system"],
};
