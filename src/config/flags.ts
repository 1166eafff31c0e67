/**
 * Every flag of the program: the command line is read by this table and the
 * help text is made of it.
 */
import { DEPLOYER_FLAGS } from "./deployer_flags.ts";
import { NODE_SIDE_FLAGS } from "./node_side_flags.ts";

/** What a flag belongs to; `run` is a proxy, `deployer` the mode of that name. */
export type CommandName =
  | "run"
  | "deployer"
  | "check"
  | "explain"
  | "config"
  | "redirect";

/** One row of the table. */
export interface Flag {
  readonly name: string;
  /** How help spells the value; absent for a switch. */
  readonly value?: string;
  /** One letter, typed with one dash. */
  readonly short?: string;
  readonly repeatable?: boolean;
  readonly commands: readonly CommandName[];
  /** The variable that stands for it. */
  readonly variable?: string;
  /** How help spells the default. */
  readonly byDefault?: string;
  readonly meaning: string;
}

const RUN = ["run"] as const;
const EVERY_MODE = ["run", "deployer"] as const;

/** The table, in the order of the help text. */
export const FLAGS = [
  {
    name: "mode",
    value: "node|waypoint|deployer",
    commands: EVERY_MODE,
    variable: "HAIRPIN_MODE",
    meaning:
      "Do a node proxy's job, or a waypoint's, or make a waypoint's Deployment for each Gateway.",
  },
  {
    name: "gateway",
    value: "NAMESPACE/NAME",
    commands: RUN,
    variable: "HAIRPIN_GATEWAY",
    meaning: "The Gateway that this waypoint serves.",
  },
  {
    name: "config",
    value: "PATH",
    repeatable: true,
    commands: RUN,
    variable: "HAIRPIN_CONFIG",
    meaning:
      "A YAML file of Kubernetes objects, or a folder of them; read again when they change. Several in the variable with : between.",
  },
  {
    name: "local-xds",
    value: "PATH",
    commands: RUN,
    variable: "LOCAL_XDS_PATH",
    meaning: "A file in ztunnel's static format; read once.",
  },
  {
    name: "kube",
    value: "KUBECONFIG|in-cluster",
    commands: ["run", "deployer", "check"],
    variable: "HAIRPIN_KUBE",
    byDefault:
      "in-cluster for a waypoint and a deployer in a cluster, else none",
    meaning:
      "Follow the same objects in the Kubernetes API; check compares the pods of the node with it.",
  },
  {
    name: "xds-address",
    value: "URL",
    commands: RUN,
    variable: "XDS_ADDRESS",
    byDefault:
      "in a cluster, and without --config and --kube, https://istiod.istio-system.svc:15012, else none",
    meaning: "istiod's xDS server. The variable set to nothing turns xDS off.",
  },
  {
    name: "ca-address",
    value: "URL",
    commands: RUN,
    variable: "CA_ADDRESS",
    byDefault:
      "in a cluster, and without --ca-dir, https://istiod.istio-system.svc:15012, else none",
    meaning: "Istio's certificate service. Exactly one of this and --ca-dir.",
  },
  {
    name: "ca-dir",
    value: "PATH",
    commands: RUN,
    variable: "HAIRPIN_CA_DIR",
    meaning:
      "Folder of the embedded certificate authority (root-cert.pem, ca-key.pem), made at first start.",
  },
  {
    name: "node-name",
    value: "NAME",
    commands: RUN,
    variable: "NODE_NAME",
    byDefault: "the host name",
    meaning: "This node's name.",
  },
  {
    name: "redirect",
    value: "agent|self|node|none",
    commands: RUN,
    variable: "HAIRPIN_REDIRECT",
    byDefault: "self with --config, else agent",
    meaning:
      "Who enrols pods: an istio-cni agent, hairpin itself in their namespaces or in the node's, nobody.",
  },
  {
    name: "inpod-uds",
    value: "PATH",
    commands: RUN,
    variable: "INPOD_UDS",
    byDefault: "/var/run/ztunnel/ztunnel.sock",
    meaning: "The socket on which the istio-cni agent hands pods over.",
  },
  ...NODE_SIDE_FLAGS,
  {
    name: "waypoint-bypass",
    value: "hairpin|reject|observe",
    commands: RUN,
    variable: "HAIRPIN_WAYPOINT_BYPASS",
    byDefault: "hairpin",
    meaning: "What happens to traffic that reached a pod past its waypoint.",
  },
  {
    name: "waypoint-unreachable",
    value: "fail|open",
    commands: RUN,
    variable: "HAIRPIN_WAYPOINT_UNREACHABLE",
    byDefault: "fail",
    meaning: "What happens to it when the waypoint cannot be reached.",
  },
  {
    name: "node-local-lane",
    value: "on|off",
    commands: RUN,
    variable: "HAIRPIN_NODE_LOCAL_LANE",
    byDefault: "on",
    meaning: "Connect two pods of this node without a tunnel between them.",
  },
  {
    name: "kernel-lane",
    value: "on|off|auto",
    commands: RUN,
    variable: "HAIRPIN_KERNEL_LANE",
    byDefault: "auto",
    meaning:
      "Have the kernel relay what needs no TLS: auto, connections that last, where it can; on, all, or fail.",
  },
  {
    name: "workers",
    value: "N|N%",
    commands: RUN,
    variable: "ZTUNNEL_WORKER_THREADS",
    byDefault: "as ztunnel: a quarter of the CPUs, at least 2",
    meaning: "Data-plane threads; 0 is one for each CPU.",
  },
  {
    name: "admin",
    value: "HOST:PORT",
    commands: ["run", "check", "explain", "config"],
    variable: "ADMIN_PORT",
    byDefault: "127.0.0.1:15000",
    meaning: "Admin endpoints, loopback only. The variable holds a port.",
  },
  {
    name: "stats",
    value: "HOST:PORT",
    commands: EVERY_MODE,
    variable: "STATS_PORT",
    byDefault: "[::]:15020",
    meaning: "Metrics. The variable holds a port.",
  },
  {
    name: "readiness",
    value: "HOST:PORT",
    commands: EVERY_MODE,
    variable: "READINESS_PORT",
    byDefault: "[::]:15021",
    meaning: "Readiness, at /healthz/ready. The variable holds a port.",
  },
  {
    name: "trust-domain",
    value: "DOMAIN",
    commands: RUN,
    variable: "TRUST_DOMAIN",
    byDefault: "cluster.local",
    meaning: "Trust domain of the identities made here.",
  },
  {
    name: "cluster-domain",
    value: "DOMAIN",
    commands: RUN,
    variable: "CLUSTER_DOMAIN",
    byDefault: "cluster.local",
    meaning: "DNS suffix of the cluster's services.",
  },
  {
    name: "cluster-id",
    value: "ID",
    commands: RUN,
    variable: "CLUSTER_ID",
    byDefault: "Kubernetes",
    meaning: "The cluster's name in the mesh.",
  },
  {
    name: "network",
    value: "NAME",
    commands: RUN,
    variable: "NETWORK",
    byDefault: "empty",
    meaning: "The network that this node is in.",
  },
  {
    name: "resolv-conf",
    value: "PATH",
    commands: RUN,
    variable: "HAIRPIN_RESOLV_CONF",
    byDefault: "/etc/resolv.conf",
    meaning:
      "The file that names the resolvers for pods' queries which are not the mesh's.",
  },
  ...DEPLOYER_FLAGS,
  {
    name: "log-level",
    value: "FILTER",
    commands: EVERY_MODE,
    variable: "RUST_LOG",
    byDefault: "info",
    meaning: "A level, or levels by target: info,access=debug.",
  },
  {
    name: "log-format",
    value: "plain|json",
    commands: EVERY_MODE,
    variable: "LOG_FORMAT",
    byDefault: "plain",
    meaning: "Shape of a log line.",
  },
  {
    name: "netns",
    value: "PATH",
    commands: ["check", "redirect"],
    meaning: "The pod's network namespace, such as /var/run/netns/NAME.",
  },
  {
    name: "pod",
    value: "NAMESPACE/NAME",
    commands: ["check"],
    meaning: "The pod, instead of --netns.",
  },
  {
    name: "agent",
    value: "IP:PORT",
    commands: ["check"],
    byDefault: "127.0.0.1:8000, if something answers there",
    meaning:
      "Where Istio's node agent is asked whether it is ready: its pod's address, as a kubelet asks it.",
  },
  {
    name: "log",
    value: "PATH",
    repeatable: true,
    commands: ["check"],
    meaning:
      "The proxy's log, where the check does not find it by itself, - for standard input; also a kubelet's or a container runtime's, to look for what the mesh is known to cause.",
  },
  {
    name: "from",
    value: "NAMESPACE/POD|IP",
    commands: ["explain"],
    meaning: "Where the connection comes from.",
  },
  {
    name: "to",
    value: "IP:PORT|HOST:PORT",
    commands: ["explain"],
    meaning: "Where the connection goes.",
  },
  {
    name: "method",
    value: "METHOD",
    commands: ["explain"],
    meaning: "Method of an HTTP request on it; with --path.",
  },
  {
    name: "path",
    value: "PATH",
    commands: ["explain"],
    meaning: "Path of an HTTP request on it; with --method.",
  },
  {
    name: "output",
    short: "o",
    value: "table|json",
    commands: ["config"],
    byDefault: "table",
    meaning: "Shape of the answer.",
  },
  {
    name: "file",
    value: "DUMP",
    commands: ["config"],
    meaning: "A saved /config_dump to read instead of a running process.",
  },
  {
    name: "node",
    commands: ["redirect"],
    meaning: "The node itself, as --redirect node has left it; not apply.",
  },
  {
    name: "dry-run",
    commands: ["redirect"],
    meaning: "Print what would be done and do nothing.",
  },
  {
    name: "json",
    commands: ["check", "explain"],
    meaning: "Answer in JSON.",
  },
  {
    name: "help",
    short: "h",
    commands: ["run", "check", "explain", "config", "redirect"],
    meaning: "Show this text.",
  },
] as const satisfies readonly Flag[];

/** A flag that exists. */
export type FlagName = typeof FLAGS[number]["name"];

/** The table's row of a flag. */
export function flagNamed(name: FlagName): Flag {
  return FLAGS.find((flag) => flag.name === name)!;
}
