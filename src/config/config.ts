/**
 * What hairpin was told to do, as plain read-only data: complete, validated and
 * free to cross threads. `parse_config.ts` makes it; nothing below `main.ts`
 * reads a flag or a variable.
 *
 * Each field states its unit, its default, and the flag and variable it comes
 * from. "ztunnel" as a source means: the same name and default as there.
 */

import type { CheckCommand } from "./check_command.ts";
import type { DeployerConfig } from "./deployer_config.ts";
import type {
  NodeSideConfig,
  OpenConnectionsUse,
  RedirectBackend,
} from "./node_side_config.ts";

export type * from "./check_command.ts";
export type * from "./deployer_config.ts";
export type * from "./node_side_config.ts";

/** Exactly what one call of the program asks for. */
export type Command =
  | { readonly kind: "run"; readonly config: Config }
  | { readonly kind: "deploy"; readonly config: DeployerConfig }
  | CheckCommand
  | ExplainCommand
  | ConfigCommand
  | RedirectCommand
  | NodeRedirectCommand
  | { readonly kind: "cni"; readonly command: string }
  | { readonly kind: "version" }
  | HelpCommand;

/** `exitCode` is 0 when help was asked for and 2 when nothing was asked for. */
export interface HelpCommand {
  readonly kind: "help";
  readonly text: string;
  readonly exitCode: 0 | 2;
}

/** `hairpin explain`: asks the process behind `admin`. */
export interface ExplainCommand {
  readonly kind: "explain";
  /** `NAMESPACE/POD` or an IP address, as given. */
  readonly from: string;
  /** `IP:PORT` or `HOST:PORT`, as given; the port is checked. */
  readonly to: string;
  /** Both or neither: the request whose layer 7 decision is asked for. */
  readonly request:
    | { readonly method: string; readonly path: string }
    | undefined;
  readonly json: boolean;
  readonly admin: HostPort;
}

/** What `hairpin config` can show. */
export const CONFIG_SECTIONS = [
  "workloads",
  "services",
  "policies",
  "certificates",
  "connections",
  "routes",
  "all",
] as const;
/** One of {@link CONFIG_SECTIONS}. */
export type ConfigSection = typeof CONFIG_SECTIONS[number];

/** `hairpin config`: reads `file` when given, else the process behind `admin`. */
export interface ConfigCommand {
  readonly kind: "config";
  readonly section: ConfigSection;
  readonly output: "table" | "json";
  readonly file: string | undefined;
  readonly admin: HostPort;
}

/** What `hairpin redirect` can do. */
export const REDIRECT_ACTIONS = ["apply", "verify", "remove"] as const;
/** One of {@link REDIRECT_ACTIONS}. */
export type RedirectAction = typeof REDIRECT_ACTIONS[number];

/** `hairpin redirect`. */
export interface RedirectCommand {
  readonly kind: "redirect";
  readonly action: RedirectAction;
  readonly netns: string;
  readonly dryRun: boolean;
  /** Whether IPv6 is handled too; default true. `IPV6_ENABLED`. */
  readonly ipv6: boolean;
  /** Whether DNS is redirected too; default true. `ISTIO_META_DNS_CAPTURE`. */
  readonly dnsCapture: boolean;
  /** As {@link NodeSideConfig.redirectBackend}; `auto` is what holds the pod's rules, if anything does. */
  readonly backend: RedirectBackend;
  /** As {@link NodeSideConfig.openConnections}. */
  readonly openConnections: OpenConnectionsUse;
}

/** `hairpin redirect verify|remove --node`: what `--redirect node` left on the node. */
export interface NodeRedirectCommand {
  readonly kind: "redirect-node";
  readonly action: "verify" | "remove";
  /** As of {@link RedirectCommand}. */
  readonly ipv6: boolean;
}

/** `NAMESPACE/NAME`. */
export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

/** Where a server listens. `host` is without brackets; port 0 lets the kernel choose. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** ztunnel's static format; read once. */
export type LocalXds =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "inline"; readonly text: string };

/** How the Kubernetes API is reached. */
export type KubeSource =
  /** `https://HOST:PORT`. `KUBERNETES_SERVICE_HOST`, `KUBERNETES_SERVICE_PORT`. */
  | { readonly kind: "in-cluster"; readonly server: string }
  | { readonly kind: "kubeconfig"; readonly path: string };

/** Roots that a control-plane server's certificate must lead to. */
export type Roots =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "system" }
  | { readonly kind: "inline"; readonly pem: string };

/** Bearer token for control-plane calls; a file is read again for each call. */
export type AuthToken =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "static"; readonly token: string };

/** One gRPC server of the control plane. */
export interface ControlPlane {
  /** `https://HOST:PORT`. `--xds-address`, `XDS_ADDRESS`; `--ca-address`, `CA_ADDRESS`. */
  readonly address: string;
  /** Default the file `./var/run/secrets/istio/root-cert.pem`. `XDS_ROOT_CA`, `CA_ROOT_CA`. */
  readonly roots: Roots;
  /** Second DNS name that the server may prove. Default none. `ALT_XDS_HOSTNAME`, `ALT_CA_HOSTNAME`. */
  readonly alternativeHostname: string | undefined;
  /** Whether it may speak TLS 1.2. Default false. `TLS12_ENABLED`. */
  readonly tls12?: boolean;
  /** Extra gRPC metadata, names in lower case. `XDS_HEADER_*`, `CA_HEADER_*`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where workload certificates come from: exactly one of them. */
export type CertificateAuthority =
  /** `--ca-dir`, `HAIRPIN_CA_DIR`: the embedded authority keeps its key and root there. */
  | { readonly kind: "embedded"; readonly dir: string }
  /** `--ca-address`, `CA_ADDRESS`: Istio's CSR service. */
  | { readonly kind: "remote"; readonly server: ControlPlane }
  /** `FAKE_CA=true`. */
  | { readonly kind: "fake" };

/** What the process is to the container runtime's chained CNI plugin. */
export interface CniConfig {
  /** Unix socket on which the plugin is answered. `--cni-socket`, `HAIRPIN_CNI_SOCKET`. */
  readonly socket: string;
  /** undefined: whoever installs the plugin is somebody else. */
  readonly install: CniInstall | undefined;
}

/** Where the plugin is installed, and kept installed. */
export interface CniInstall {
  /** Folder of the runtime's networks. `--cni-net-dir`, `CNI_NET_DIR`. */
  readonly netDir: string;
  /** Folder of plugins. `--cni-bin-dir`, `CNI_BIN_DIR`. */
  readonly binDir: string;
  /** File of the network; undefined: the first by name. `--cni-conf-name`, `CNI_CONF_NAME`. */
  readonly confName: string | undefined;
  /** Own list that comes before it; undefined: it is changed itself. `--cni-own-conf`, `HAIRPIN_CNI_OWN_CONF`. */
  readonly ownConf: string | undefined;
  /** Whether a graceful end takes it out again; `auto`: when the DaemonSet of hairpin's pod is deleted, or not for this node any more. `--cni-at-end`, `HAIRPIN_CNI_AT_END`. */
  readonly atEnd: "keep" | "remove" | "auto";
}

/** Who enrols pods: an istio-cni agent over ZDS, hairpin itself, nobody. */
export type RedirectBy = "agent" | "self" | "node" | "none";
/** What happens to traffic that reached a pod past its waypoint. */
export type WaypointBypass = "hairpin" | "reject" | "observe";
/** What happens to such traffic when the waypoint cannot be reached. */
export type WaypointUnreachable = "fail" | "open";

/**
 * Whether the kernel relays what needs no TLS: everything from its first octets
 * on, or fail; nothing; or, where it can, the connections for which it pays.
 */
export type KernelLaneUse = "on" | "off" | "auto";
/** Shape of a log line. */
export type LogFormat = "plain" | "json";
/** Whose job this process does. */
export type Mode = "node" | "waypoint";

/** TCP keepalive of data-plane sockets. */
export interface KeepaliveConfig {
  /** Default true. `KEEPALIVE_ENABLED`. */
  readonly enabled: boolean;
  /** Quiet time before the first probe, in ms, whole seconds. Default 180_000. `KEEPALIVE_TIME`. */
  readonly timeMs: number;
  /** Between probes, in ms, whole seconds. Default 180_000. `KEEPALIVE_INTERVAL`. */
  readonly intervalMs: number;
  /** Unanswered probes before the connection is given up. Default 9. `KEEPALIVE_RETRIES`. */
  readonly retries: number;
}

/** HTTP/2 settings, the same for both roles. */
export interface Http2Config {
  /** SETTINGS_INITIAL_WINDOW_SIZE, octets. Default 4_194_304. `HTTP2_STREAM_WINDOW_SIZE`. */
  readonly streamWindow: number;
  /** Connection window, octets. Default 16_777_216. `HTTP2_CONNECTION_WINDOW_SIZE`. */
  readonly connectionWindow: number;
  /** SETTINGS_MAX_FRAME_SIZE, octets. Default 1_048_576. `HTTP2_FRAME_SIZE`. */
  readonly frameSize: number;
}

/** Pool of HBONE tunnels. */
export interface PoolConfig {
  /** Default 100. `POOL_MAX_STREAMS_PER_CONNECTION`. */
  readonly streamsPerConnectionMax: number;
  /** Idle time after which a tunnel is closed, in ms. Default 300_000. `POOL_UNUSED_RELEASE_TIMEOUT`. */
  readonly unusedReleaseMs: number;
}

/** The DNS server in each pod. */
export interface DnsConfig {
  /** Default true in node mode; a waypoint has none. Metadata `DNS_CAPTURE`. */
  readonly capture: boolean;
  /** `localhost` (both families) or an IP address. Default `localhost:15053`. Metadata `DNS_PROXY_ADDR`. */
  readonly listen: HostPort;
  /** File that names the resolvers for what is not the mesh's. Default `/etc/resolv.conf`. `--resolv-conf`, `HAIRPIN_RESOLV_CONF`. */
  readonly resolvConf: string;
  /** Tie-break among services of one name. Default none. `PREFERED_SERVICE_NAMESPACE` (sic). */
  readonly preferredNamespace: string | undefined;
}

/** This process's own pod, when it runs in one. */
export interface PodConfig {
  /** Default none. `POD_NAME`. */
  readonly name: string | undefined;
  /** Default none. `POD_NAMESPACE`. */
  readonly namespace: string | undefined;
  /** Default none. `SERVICE_ACCOUNT`. */
  readonly serviceAccount: string | undefined;
  /** Default `1.1.1.1`, which stands for "unknown". `INSTANCE_IP`. */
  readonly ip: string;
}

/** Everything that `run` needs to know. */
export interface Config {
  /** `--mode`, `HAIRPIN_MODE`, or the arguments `proxy ztunnel`. */
  readonly mode: Mode;
  /** The Gateway served; set exactly in waypoint mode. `--gateway`, `HAIRPIN_GATEWAY`. */
  readonly gateway: NamespacedName | undefined;

  /** Files or folders of Kubernetes objects. Default none. `--config`, `HAIRPIN_CONFIG` (`:` between). */
  readonly configPaths: readonly string[];
  /** Default none. `--local-xds`, `LOCAL_XDS_PATH`; inline text by `LOCAL_XDS`. */
  readonly localXds: LocalXds | undefined;
  /** Default: in-cluster for a waypoint in a cluster, else none. `--kube`, `HAIRPIN_KUBE`. */
  readonly kube: KubeSource | undefined;
  /**
   * istiod's xDS server. Default: ztunnel's in a cluster unless `configPaths` or a `kube`
   * that was asked for stand in for it, else none; an explicitly empty address is none.
   */
  readonly xds: (ControlPlane & { readonly onDemand: boolean }) | undefined;
  /** Default: istiod in a cluster; outside one it must be said. */
  readonly ca: CertificateAuthority;
  /** Default the file `./var/run/secrets/tokens/istio-token` if it exists. `AUTH_TOKEN`. */
  readonly authToken: AuthToken | undefined;

  /** Default the host name. `--node-name`, `NODE_NAME`. */
  readonly nodeName: string;
  /** Default `self` with `configPaths`, else `agent`. `--redirect`, `HAIRPIN_REDIRECT`. */
  readonly redirect: RedirectBy;
  /** Socket that serves ZDS. Default `/var/run/ztunnel/ztunnel.sock`. `--inpod-uds`, `INPOD_UDS`. */
  readonly inpodUds: string;
  /** Where the node's proc file system is mounted. Default `/proc`. `HAIRPIN_HOST_PROC`. */
  readonly hostProc: string;
  /** undefined: pods that start wait for nobody. Default undefined. */
  readonly cni?: CniConfig;
  readonly nodeSide: NodeSideConfig;
  /** SO_REUSEPORT on listeners in pods. Default true. `INPOD_PORT_REUSE`. */
  readonly inpodPortReuse: boolean;
  /** One process for a node's pods, or for the one that it runs in. Default `shared`. `PROXY_MODE`. */
  readonly proxyMode: "shared" | "dedicated";
  /** The workload served in dedicated mode. `PROXY_WORKLOAD_INFO`. */
  readonly dedicatedWorkload:
    | NamespacedName & { readonly serviceAccount: string }
    | undefined;
  /** Whether data-plane listeners run. Default true. `ENABLE_PROXY`. */
  readonly proxyEnabled: boolean;
  /** Whether the SOCKS5 listener runs. Default false. `UNSTABLE_ENABLE_SOCKS5`. */
  readonly socks5: boolean;

  /** Default `hairpin`. `--waypoint-bypass`, `HAIRPIN_WAYPOINT_BYPASS`. */
  readonly waypointBypass: WaypointBypass;
  /** Default `fail`. `--waypoint-unreachable`, `HAIRPIN_WAYPOINT_UNREACHABLE`. */
  readonly waypointUnreachable: WaypointUnreachable;
  /** Default true. `--node-local-lane on|off`, `HAIRPIN_NODE_LOCAL_LANE`. */
  readonly nodeLocalLane: boolean;
  /** Default `auto`. `--kernel-lane`, `HAIRPIN_KERNEL_LANE`. */
  readonly kernelLane: KernelLaneUse;

  /** Data-plane threads, 1 or more. Default as ztunnel. `--workers`, `ZTUNNEL_WORKER_THREADS`. */
  readonly workers: number;
  /** Always loopback. Default `127.0.0.1:15000`. `--admin`, `ADMIN_PORT`, `proxyAdminPort`. */
  readonly admin: HostPort;
  /** Default `[::]:15020`, `0.0.0.0:15020` without IPv6. `--stats`, `STATS_PORT`, `statsPort`. */
  readonly stats: HostPort;
  /** Default `[::]:15021`, `0.0.0.0:15021` without IPv6. `--readiness`, `READINESS_PORT`. */
  readonly readiness: HostPort;

  /** Default `cluster.local`. `--trust-domain`, `TRUST_DOMAIN`. */
  readonly trustDomain: string;
  /** Default `cluster.local`. `--cluster-domain`, `CLUSTER_DOMAIN`. */
  readonly clusterDomain: string;
  /** Default `Kubernetes`. `--cluster-id`, metadata `CLUSTER_ID`, `CLUSTER_ID`. */
  readonly clusterId: string;
  /** Default empty. `--network`, `NETWORK`. */
  readonly network: string;

  readonly log: {
    /** Comma-separated `level` or `target=level`. Default `info`. `--log-level`, `RUST_LOG`. */
    readonly filter: string;
    /** Default `plain`. `--log-format`, `LOG_FORMAT`. */
    readonly format: LogFormat;
  };

  readonly keepalive: KeepaliveConfig;
  /**
   * TCP_USER_TIMEOUT in ms; undefined: not set, the default. With `USER_TIMEOUT_ENABLED`
   * it is keepalive time plus retries times interval.
   */
  readonly userTimeoutMs: number | undefined;
  readonly http2: Http2Config;
  readonly pool: PoolConfig;
  /**
   * Longest graceful drain, in ms. Default 5_000. `CONNECTION_TERMINATION_DEADLINE`, else
   * derived from `TERMINATION_GRACE_PERIOD_SECONDS`.
   */
  readonly drainMs: number;
  /** Lifetime asked for in a certificate request, in ms. Default 24 h. `SECRET_TTL`. */
  readonly secretTtlMs: number;
  /** SO_MARK of data-plane sockets. Default 1337, none in dedicated and waypoint mode. `PACKET_MARK`. */
  readonly packetMark: number | undefined;
  /** true: keep the peer's address or fail to bind; false: never; undefined (default): when possible. `ENABLE_ORIG_SRC`. */
  readonly requireOriginalSource: boolean | undefined;
  readonly ipv6: {
    /** Default true. `IPV6_ENABLED`. */
    readonly enabled: boolean;
    /** Whether `::1` can be bound too: enabled, and the machine's loopback has it. */
    readonly loopback: boolean;
  };
  /** Deliver PROXY-protocol application tunnels over loopback. Default true. `LOCALHOST_APP_TUNNEL`. */
  readonly localhostAppTunnel: boolean;
  /** Baggage on CONNECT responses, and belief in the peer's. Default true. `ENABLE_RESPONSE_BAGGAGE`. */
  readonly responseBaggage: boolean;
  /** Policy decisions at info instead of debug. Default false. `AUTHZ_POLICY_INFO_LOGGING`. */
  readonly authzInfoLogging: boolean;
  readonly dns: DnsConfig;
  /** Certificate revocation list. Default none. `CRL_PATH`. */
  readonly crlPath: string | undefined;
  /** Default none. `COMPLIANCE_POLICY`. */
  readonly compliancePolicy: "pqc" | undefined;
  /** Allow TLS 1.2 beside 1.3. Default false. `TLS12_ENABLED`. */
  readonly tls12: boolean;

  readonly pod: PodConfig;
  /** Merged `proxyMetadata` and `ISTIO_META_*`, keys without that prefix. */
  readonly proxyMetadata: Readonly<Record<string, string>>;
  /** `ISTIO_METAJSON_*`, keys without that prefix. */
  readonly proxyMetadataJson: Readonly<Record<string, unknown>>;
  /** Metadata `ISTIO_VERSION`. Default `unknown`. */
  readonly istioVersion: string;
  /** Settings that were skipped, one line each; logged once at start. */
  readonly warnings: readonly string[];
}
