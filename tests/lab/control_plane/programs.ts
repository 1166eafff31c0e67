/** The command lines of a control plane's programs. */

/** Where its servers listen. */
export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly api: number;
  readonly grpc: number;
  readonly secureGrpc: number;
  readonly monitoring: number;
  readonly webhooks: number;
  readonly http: number;
}

export interface ProgramPlan {
  readonly folder: string;
  readonly tools: string;
  readonly ip: string;
  readonly ports: Ports;
  /** File of a policy: the API server keeps an audit log. Default: none. */
  readonly auditPolicy?: string;
}

/** Where an API server with an audit log keeps it. */
export const auditLogPath = ({ folder }: Pick<ProgramPlan, "folder">): string =>
  `${folder}/audit.log`;

/** Whom the API server takes for its administrator. */
export const ADMIN_TOKEN = "lab-admin";

/** Of the tokens that node proxies show to istiod. */
export const TOKEN_AUDIENCE = "istio-ca";

/** The DNS name that istiod's certificate carries, whatever its address. */
export const ISTIOD_HOSTNAME = "istiod.istio-system.svc";

export function etcdCommand({ folder, ip, ports }: ProgramPlan): string[] {
  const client = `http://${ip}:${ports.etcd}`;
  const peer = `http://${ip}:${ports.etcdPeer}`;
  return [
    "etcd",
    ...["--data-dir", `${folder}/etcd`],
    ...["--listen-client-urls", client, "--advertise-client-urls", client],
    ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
    ...["--initial-cluster", `default=${peer}`],
    "--unsafe-no-fsync",
  ];
}

export function apiServerCommand(
  { folder, tools, ip, ports, auditPolicy }: ProgramPlan,
): string[] {
  return [
    `${tools}/kube-apiserver`,
    ...["--etcd-servers", `http://${ip}:${ports.etcd}`],
    ...["--secure-port", `${ports.api}`, "--bind-address", ip],
    ...["--cert-dir", `${folder}/certs`],
    ...["--service-account-issuer", "https://kubernetes.default.svc"],
    ...["--service-account-key-file", `${folder}/sa.key`],
    ...["--service-account-signing-key-file", `${folder}/sa.key`],
    ...[
      "--api-audiences",
      `${TOKEN_AUDIENCE},https://kubernetes.default.svc`,
    ],
    ...["--token-auth-file", `${folder}/tokens.csv`],
    ...["--authorization-mode", "RBAC"],
    ...["--service-cluster-ip-range", "10.96.0.0/16,fd00:96::/112"],
    // No controller makes the default service accounts that it would ask for.
    ...["--disable-admission-plugins", "ServiceAccount"],
    "--allow-privileged",
    ...auditPolicy === undefined ? [] : [
      ...["--audit-policy-file", auditPolicy],
      ...["--audit-log-path", auditLogPath({ folder })],
    ],
  ];
}

export function istiodCommand(
  { tools, ip, ports }: ProgramPlan,
  kubeconfig: string,
): string[] {
  return [
    `${tools}/istiod`,
    "discovery",
    ...["--kubeconfig", kubeconfig, "--domain", "cluster.local"],
    ...["--ctrlz_port", "0"],
    ...["--grpcAddr", `${ip}:${ports.grpc}`],
    ...["--secureGRPCAddr", `${ip}:${ports.secureGrpc}`],
    ...["--monitoringAddr", `${ip}:${ports.monitoring}`],
    ...["--httpsAddr", `${ip}:${ports.webhooks}`],
    ...["--httpAddr", `${ip}:${ports.http}`],
  ];
}

export function istiodEnv({ ports }: ProgramPlan): Record<string, string> {
  return {
    POD_NAME: "istiod",
    POD_NAMESPACE: "istio-system",
    SERVICE_ACCOUNT: "istiod",
    PILOT_ENABLE_AMBIENT: "true",
    CLUSTER_ID: "Kubernetes",
    CA_TRUSTED_NODE_ACCOUNTS: "istio-system/ztunnel",
    PILOT_CERT_PROVIDER: "istiod",
    ISTIOD_ADDR: `${ISTIOD_HOSTNAME}:${ports.secureGrpc}`,
  };
}

/** A kubeconfig with all rights. */
export function adminKubeconfig({ folder, ip, ports }: ProgramPlan): object {
  const cluster = {
    server: `https://${ip}:${ports.api}`,
    "certificate-authority": `${folder}/certs/apiserver.crt`,
  };
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "lab", cluster }],
    users: [{ name: "admin", user: { token: ADMIN_TOKEN } }],
    contexts: [{ name: "lab", context: { cluster: "lab", user: "admin" } }],
    "current-context": "lab",
  };
}
