import type { HostPort, KubeSource, LogFormat } from "./config.ts";

/** Everything that the deployer needs to know. */
export interface DeployerConfig {
  /** Default in-cluster where there is a cluster. `--kube`, `HAIRPIN_KUBE`. */
  readonly kube: KubeSource;
  /** Image of the waypoints. `--image`, `HAIRPIN_IMAGE`. */
  readonly image: string;
  /** Default: left to Kubernetes. `--image-pull-policy`, `HAIRPIN_IMAGE_PULL_POLICY`. */
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never" | undefined;
  /** Secret of the mesh's authority, in each Gateway's namespace; undefined: istiod. `--ca-secret`, `HAIRPIN_CA_SECRET`. */
  readonly caSecret: string | undefined;
  /** Variables of this process that every waypoint gets, too. */
  readonly waypointVariables: Readonly<Record<string, string>>;
  /** As of a proxy. */
  readonly stats: HostPort;
  /** As of a proxy. */
  readonly readiness: HostPort;
  readonly log: { readonly filter: string; readonly format: LogFormat };
  /** Settings that were skipped, one line each; logged once at start. */
  readonly warnings: readonly string[];
}
