/** The variables that no flag stands for: help is made of this table. */
import { FLAGS } from "./flags.ts";
import type { Settings } from "./settings.ts";

/** One row of the table. */
export interface Variable {
  /** A name that ends in `*` is a prefix. */
  readonly name: string;
  readonly byDefault?: string;
  readonly meaning: string;
}

/** The table, in the order of the help text. */
export const VARIABLES: readonly Variable[] = [
  {
    name: "PROXY_CONFIG",
    meaning:
      "Istio's ProxyConfig in YAML or JSON; outranks ./etc/istio/config/mesh.",
  },
  {
    name: "ISTIO_META_DNS_CAPTURE",
    byDefault: "true",
    meaning: "Answer DNS in pods; any other text than true is false.",
  },
  {
    name: "ISTIO_META_DNS_PROXY_ADDR",
    byDefault: "localhost:15053",
    meaning: "Where DNS listens in pods.",
  },
  {
    name: "ISTIO_META_*",
    meaning: "Proxy metadata; outranks proxyMetadata of ProxyConfig.",
  },
  { name: "ISTIO_METAJSON_*", meaning: "Proxy metadata as JSON values." },
  {
    name: "AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE",
    byDefault: "true",
    meaning:
      "With --redirect self: let the node's probes reach pods with security groups of AWS; of no effect on other nodes.",
  },
  { name: "PROXY_MODE", byDefault: "shared", meaning: "shared or dedicated." },
  {
    name: "PROXY_WORKLOAD_INFO",
    meaning: "NAMESPACE/NAME/SERVICEACCOUNT of the workload in dedicated mode.",
  },
  {
    name: "ENABLE_PROXY",
    byDefault: "true",
    meaning: "Run the data-plane listeners.",
  },
  { name: "LOCAL_XDS", meaning: "What --local-xds names, inline." },
  {
    name: "KUBERNETES_SERVICE_HOST",
    meaning: "Set in a cluster: the defaults of addresses follow it.",
  },
  {
    name: "KUBERNETES_SERVICE_PORT",
    byDefault: "443",
    meaning: "Where --kube in-cluster finds the API server.",
  },
  {
    name: "XDS_ROOT_CA",
    byDefault: "./var/run/secrets/istio/root-cert.pem",
    meaning: "Roots for the xDS server: a file, SYSTEM, or PEM text.",
  },
  {
    name: "CA_ROOT_CA",
    byDefault: "./var/run/secrets/istio/root-cert.pem",
    meaning: "Roots for the certificate service, likewise.",
  },
  {
    name: "ALT_XDS_HOSTNAME",
    meaning: "Second DNS name that the xDS server may prove.",
  },
  {
    name: "ALT_CA_HOSTNAME",
    meaning: "Second DNS name that the certificate service may prove.",
  },
  { name: "XDS_HEADER_*", meaning: "Extra metadata of xDS calls." },
  { name: "CA_HEADER_*", meaning: "Extra metadata of certificate calls." },
  {
    name: "XDS_ON_DEMAND",
    byDefault: "false",
    meaning: "Ask istiod only for what is used.",
  },
  {
    name: "FAKE_CA",
    byDefault: "false",
    meaning: "ztunnel's self-signed test authority.",
  },
  {
    name: "SECRET_TTL",
    byDefault: "24h",
    meaning: "Certificate lifetime asked for.",
  },
  {
    name: "AUTH_TOKEN",
    byDefault: "./var/run/secrets/tokens/istio-token if it exists",
    meaning: "Token file, or the token itself.",
  },
  {
    name: "PREFERED_SERVICE_NAMESPACE",
    meaning: "Namespace that wins when DNS finds several services.",
  },
  {
    name: "INPOD_PORT_REUSE",
    byDefault: "true",
    meaning: "SO_REUSEPORT on listeners in pods.",
  },
  {
    name: "PACKET_MARK",
    byDefault: "1337",
    meaning: "SO_MARK of data-plane sockets.",
  },
  {
    name: "ENABLE_ORIG_SRC",
    byDefault: "when possible",
    meaning: "Keep the peer's address: true requires it, false never does.",
  },
  { name: "IPV6_ENABLED", byDefault: "true", meaning: "Handle IPv6." },
  {
    name: "KEEPALIVE_ENABLED",
    byDefault: "true",
    meaning: "TCP keepalive on data-plane sockets.",
  },
  {
    name: "KEEPALIVE_TIME",
    byDefault: "180s",
    meaning: "Quiet time before the first probe.",
  },
  {
    name: "KEEPALIVE_INTERVAL",
    byDefault: "180s",
    meaning: "Time between probes.",
  },
  {
    name: "KEEPALIVE_RETRIES",
    byDefault: "9",
    meaning: "Unanswered probes before the connection is given up.",
  },
  {
    name: "USER_TIMEOUT_ENABLED",
    byDefault: "false",
    meaning: "TCP_USER_TIMEOUT of time plus retries times interval.",
  },
  {
    name: "HTTP2_STREAM_WINDOW_SIZE",
    byDefault: "4194304",
    meaning: "HTTP/2 window of a stream, octets.",
  },
  {
    name: "HTTP2_CONNECTION_WINDOW_SIZE",
    byDefault: "16777216",
    meaning: "HTTP/2 window of a connection, octets.",
  },
  {
    name: "HTTP2_FRAME_SIZE",
    byDefault: "1048576",
    meaning: "Largest HTTP/2 frame accepted, octets.",
  },
  {
    name: "POOL_MAX_STREAMS_PER_CONNECTION",
    byDefault: "100",
    meaning: "Streams in one tunnel.",
  },
  {
    name: "POOL_UNUSED_RELEASE_TIMEOUT",
    byDefault: "5m",
    meaning: "Idle time after which a tunnel is closed.",
  },
  {
    name: "CONNECTION_TERMINATION_DEADLINE",
    byDefault: "from the grace period, else 5s",
    meaning: "Longest graceful drain.",
  },
  {
    name: "TERMINATION_GRACE_PERIOD_SECONDS",
    meaning:
      "The pod's grace period: above 10 the drain is 5 seconds shorter, else 1.",
  },
  { name: "ZTUNNEL_CPU_LIMIT", meaning: "CPU count to reckon with." },
  { name: "ZTUNNEL_RESOURCE_CPU_LIMIT", meaning: "The container's CPU limit." },
  {
    name: "ZTUNNEL_RESOURCE_CPU_REQUEST",
    meaning: "The container's CPU request.",
  },
  {
    name: "UNSTABLE_ENABLE_SOCKS5",
    byDefault: "false",
    meaning: "Run the SOCKS5 listener.",
  },
  {
    name: "LOCALHOST_APP_TUNNEL",
    byDefault: "true",
    meaning: "Deliver PROXY-protocol application tunnels over loopback.",
  },
  {
    name: "ENABLE_RESPONSE_BAGGAGE",
    byDefault: "true",
    meaning: "Baggage on CONNECT responses, and belief in the peer's.",
  },
  { name: "CRL_PATH", meaning: "Certificate revocation list." },
  {
    name: "COMPLIANCE_POLICY",
    meaning: "pqc: post-quantum key exchange only.",
  },
  { name: "TLS12_ENABLED", byDefault: "false", meaning: "Allow TLS 1.2 too." },
  {
    name: "AUTHZ_POLICY_INFO_LOGGING",
    byDefault: "false",
    meaning: "Log policy decisions at info.",
  },
  {
    name: "NATIVE_NFTABLES",
    byDefault: "false",
    meaning: "As --redirect-backend nftables, which outranks it.",
  },
  {
    name: "FORCE_IPTABLES_BINARY",
    meaning: "legacy or nft: as --redirect-backend iptables-legacy or -nft.",
  },
  { name: "POD_NAME", meaning: "This process's own pod." },
  { name: "POD_NAMESPACE", meaning: "Its namespace." },
  { name: "SERVICE_ACCOUNT", meaning: "Its service account." },
  { name: "INSTANCE_IP", byDefault: "1.1.1.1", meaning: "Its address." },
  {
    name: "CNI_COMMAND",
    meaning: "Set by a container runtime: run as the chained CNI plugin.",
  },
];

const OWN_PREFIX = "HAIRPIN_";
/** What Kubernetes adds for a Service whose name begins with hairpin, and what tests read. */
const NOT_OURS = /(?:^|_)(?:SERVICE|PORT)(?:_|$)|^(?:TEST|LAB)_/;

/** One warning for each `HAIRPIN_*` variable that nothing reads: most likely misspelt. */
export function unknownVariables(settings: Settings): readonly string[] {
  const known = new Set<string>(
    FLAGS.flatMap((flag) => "variable" in flag ? [flag.variable] : []),
  );
  return settings.withPrefix(OWN_PREFIX)
    .filter(({ rest }) => !known.has(OWN_PREFIX + rest) && !NOT_OURS.test(rest))
    .map(({ rest }) => `unknown variable ${OWN_PREFIX}${rest}: it is not read`);
}
