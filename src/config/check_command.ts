import type { Config, HostPort, NamespacedName } from "./config.ts";

/** `hairpin check`: without a target, the node as a whole. */
export interface CheckCommand {
  readonly kind: "check";
  readonly target:
    | { readonly kind: "node" }
    | { readonly kind: "netns"; readonly path: string }
    | { readonly kind: "pod"; readonly pod: NamespacedName };
  readonly json: boolean;
  /** Of the process that serves this node. */
  readonly admin: HostPort;
  /** Where the node agent tells of its readiness; undefined: on this machine, if anywhere. */
  readonly agent: HostPort | undefined;
  /** Files: the proxy's log, a kubelet's, a container runtime's. */
  readonly logs: readonly string[];
  /** Where labels, annotations and containers of pods are asked for; undefined: nowhere. */
  readonly kube: Config["kube"];
  /** The API of the cluster in whose pod this command runs; undefined: it is in none. */
  readonly inCluster: Config["kube"];
  /** Folders of the container runtime; undefined: the process's own, else the usual ones. */
  readonly networks: {
    readonly netDir: string | undefined;
    readonly binDir: string | undefined;
  };
}
