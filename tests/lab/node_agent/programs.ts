/** The command lines of Istio's node agent and of its CNI plugin. */

/** What both of them are told. */
export interface AgentPlan {
  /** Folder of the programs. */
  readonly tools: string;
  /** Of the agent's own: its configuration, its sockets. */
  readonly folder: string;
  readonly node: string;
  /** The Kubernetes API. */
  readonly api: {
    readonly url: string;
    readonly caPath: string;
    readonly token: string;
  };
}

export const zdsSocket = ({ folder }: AgentPlan): string => `${folder}/zds`;
export const networkFolder = ({ folder }: AgentPlan): string =>
  `${folder}/net.d`;
export const accountFolder = ({ folder }: AgentPlan): string =>
  `${folder}/account`;

/**
 * The agent sees a machine as its container would: itself as process 1, the
 * node's files under /host, its account where Kubernetes mounts it, a process of
 * kubelet's name, whose user's probes it lets through. All of that
 * is made in a root of its own, so that nothing is left on this machine.
 */
const IN_A_ROOT_OF_ITS_OWN = `
set -e
root=$1 account=$2 tools=$3; shift 3
mount -t tmpfs root "$root"
for top in /*; do
  name=\${top#/}
  case $name in host | opt | proc | run) continue ;; esac
  if [ -L "$top" ]; then cp -P "$top" "$root/$name"
  elif [ -d "$top" ]; then mkdir "$root/$name"; mount --rbind "$top" "$root/$name"
  fi
done
mkdir -p "$root/proc" "$root/host/opt/cni/bin" "$root/host/var/run/netns" "$root/host/proc"
mount -t proc proc "$root/proc"
mount -t proc proc "$root/host/proc"
mount --rbind /run/netns "$root/host/var/run/netns"
mkdir -p "$root/run/netns" "$root/run/hairpin-lab" "$root/opt/cni/bin"
mount --rbind /run/netns "$root/run/netns"
mount --rbind /run/hairpin-lab "$root/run/hairpin-lab"
cp -L "$tools/istio-cni" "$root/opt/cni/bin/"
secrets=$root/run/secrets/kubernetes.io/serviceaccount
mkdir -p "$secrets"
mount --bind "$account" "$secrets"
cp -L "$(command -v sleep)" "$root/opt/kubelet"
chroot "$root" /opt/kubelet infinity >/dev/null 2>&1 </dev/null &
exec chroot "$root" "$@"
`;

/** @param monitoringPort Where it serves its metrics; readiness is on 8000. */
export function agentCommand(
  plan: AgentPlan,
  monitoringPort: number,
): string[] {
  const { folder, tools } = plan;
  return [
    ...["unshare", "--mount", "--propagation", "slave"],
    ...["--pid", "--fork", "--kill-child"],
    ...["sh", "-c", IN_A_ROOT_OF_ITS_OWN, "sh"],
    ...[`${folder}/root`, accountFolder(plan), tools],
    ...[`${tools}/install-cni`, "--ctrlz_port", "0"],
    ...["--monitoring-port", `${monitoringPort}`],
    ...["--mounted-cni-net-dir", networkFolder(plan)],
    ...["--cni-agent-run-dir", `${folder}/run`],
    ...["--ztunnel-uds-address", zdsSocket(plan)],
  ];
}

const AMBIENT_LABEL = "istio.io/dataplane-mode";

/** Whom it enrols, as Istio's chart says. */
const ENABLEMENT = [
  { podSelector: { matchLabels: { [AMBIENT_LABEL]: "ambient" } } },
  {
    podSelector: {
      matchExpressions: [
        { key: AMBIENT_LABEL, operator: "NotIn", values: ["none"] },
      ],
    },
    namespaceSelector: { matchLabels: { [AMBIENT_LABEL]: "ambient" } },
  },
];

export function agentEnv({ node, api }: AgentPlan): Record<string, string> {
  const { hostname, port } = new URL(api.url);
  return {
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    NODE_NAME: node,
    POD_NAME: `istio-cni-${node}`,
    POD_NAMESPACE: "istio-system",
    AMBIENT_ENABLED: "true",
    AMBIENT_IPV6: "true",
    AMBIENT_DNS_CAPTURE: "false",
    AMBIENT_RECONCILE_POD_RULES_ON_STARTUP: "true",
    AMBIENT_ENABLEMENT_SELECTOR: JSON.stringify(ENABLEMENT),
    HOST_PROBE_SNAT_IP: "169.254.7.127",
    REPAIR_ENABLED: "false",
  };
}

/** The network that the agent chains its plugin to. */
export const NETWORK = {
  cniVersion: "1.0.0",
  name: "lab",
  plugins: [{ type: "bridge", bridge: "pods", isGateway: true }],
};

/** What a container runtime hands to a chained plugin on its standard input. */
export function pluginInput(
  conflist: { readonly plugins: readonly { readonly type: string }[] },
  netns: string,
  addresses: readonly { readonly address: string; readonly gateway: string }[],
): object | undefined {
  const plugin = conflist.plugins.find(({ type }) => type === "istio-cni");
  if (plugin === undefined) return undefined;
  const { cniVersion, name } = NETWORK;
  return {
    ...plugin,
    cniVersion,
    name,
    prevResult: {
      cniVersion,
      interfaces: [{ name: "eth0", sandbox: netns }],
      ips: addresses.map((address) => ({ ...address, interface: 0 })),
    },
  };
}
