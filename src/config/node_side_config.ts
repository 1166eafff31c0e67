/** What hairpin does to the node that it enrols pods of, beside serving them. */

/** What becomes of connections that are open when redirection begins. */
export type OpenConnectionsUse = "keep" | "reset";

/** What pods' rules are written with; `auto` is what the node uses already. */
export type RedirectBackend =
  | "auto"
  | "iptables-legacy"
  | "iptables-nft"
  | "nftables";

/** What `--redirect self` does to the node beside serving pods. */
export interface NodeSideConfig {
  /**
   * Default `auto`. `--redirect-backend`, `HAIRPIN_REDIRECT_BACKEND`, else
   * `NATIVE_NFTABLES`, else `FORCE_IPTABLES_BINARY`.
   */
  readonly redirectBackend: RedirectBackend;
  /** Default `keep`. `--open-connections`, `HAIRPIN_OPEN_CONNECTIONS`. */
  readonly openConnections: OpenConnectionsUse;
  /** Key of the taint that goes whenever pods can start; undefined: none. `--node-taint`, `HAIRPIN_NODE_TAINT`. */
  readonly taint: string | undefined;
  /** What is done to pods that run past the proxy and cannot be enrolled. Default `mark`. `--repair-pods`, `HAIRPIN_REPAIR_PODS`. */
  readonly repair: "mark" | "label" | "delete";
  /** Whether pods with an AWS branch interface get rules for probes. Default true. `AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE`. */
  readonly awsBranchEni: boolean;
}
