/** The rows of the flag table that say what is done to the node and its runtime. */
import type { Flag } from "./flags.ts";

/** In the order of the help text. */
export const NODE_SIDE_FLAGS = [
  {
    name: "host-proc",
    value: "PATH",
    commands: ["run"],
    variable: "HAIRPIN_HOST_PROC",
    byDefault: "/proc",
    meaning:
      "The node's proc file system, in which --redirect self with --kube finds pods' namespaces.",
  },
  {
    name: "cni-socket",
    value: "PATH",
    commands: ["run"],
    variable: "HAIRPIN_CNI_SOCKET",
    byDefault: "none; the plugin asks /var/run/hairpin/cni.sock",
    meaning:
      "With --redirect self: answer the chained CNI plugin here, so that pods start captured.",
  },
  {
    name: "cni-net-dir",
    value: "PATH",
    commands: ["run", "check"],
    variable: "CNI_NET_DIR",
    meaning:
      "Install the plugin in the runtime's networks in this folder, and keep it there.",
  },
  {
    name: "cni-bin-dir",
    value: "PATH",
    commands: ["run", "check"],
    variable: "CNI_BIN_DIR",
    byDefault: "/opt/cni/bin",
    meaning: "The runtime's folder of plugins, with --cni-net-dir.",
  },
  {
    name: "cni-conf-name",
    value: "FILE",
    commands: ["run"],
    variable: "CNI_CONF_NAME",
    byDefault: "the first by name",
    meaning: "The network that the plugin is put into.",
  },
  {
    name: "cni-own-conf",
    value: "FILE",
    commands: ["run"],
    variable: "HAIRPIN_CNI_OWN_CONF",
    byDefault: "none, the network's own file is changed",
    meaning:
      "Keep a copy of the network with the plugin in this .conflist, such as 02-hairpin.conflist; it comes first by name, and so outlives whoever writes the network anew.",
  },
  {
    name: "cni-at-end",
    value: "keep|remove|auto",
    commands: ["run"],
    variable: "HAIRPIN_CNI_AT_END",
    byDefault: "keep",
    meaning:
      "What a graceful end does to the installed plugin; kept, no pod of the mesh starts until hairpin is back. auto removes it when the DaemonSet of hairpin's pod is deleted or no longer for this node (selector, affinity, taints), and needs --kube, POD_NAME and POD_NAMESPACE.",
  },
  {
    name: "redirect-backend",
    value: "auto|iptables-legacy|iptables-nft|nftables",
    commands: ["run", "redirect"],
    variable: "HAIRPIN_REDIRECT_BACKEND",
    byDefault: "auto",
    meaning:
      "What pods' rules are written with, this or nothing; by itself what the node uses already.",
  },
  {
    name: "open-connections",
    value: "keep|reset",
    commands: ["run", "redirect"],
    variable: "HAIRPIN_OPEN_CONNECTIONS",
    byDefault: "keep",
    meaning:
      "What happens to connections that a pod has open when it is redirected; kept, they go on past the proxy.",
  },
  {
    name: "node-taint",
    value: "KEY",
    commands: ["run"],
    variable: "HAIRPIN_NODE_TAINT",
    meaning:
      "With --redirect self and --kube: take this taint off the node whenever pods can start captured. Istio's is cni.istio.io/not-ready.",
  },
  {
    name: "repair-pods",
    value: "mark|label|delete",
    commands: ["run"],
    variable: "HAIRPIN_REPAIR_PODS",
    byDefault: "mark",
    meaning:
      "With --redirect self and --kube: what is done to a pod of the mesh that runs past the proxy and cannot be enrolled: an annotation and an Event; also Istio's label cni.istio.io/uninitialized; or its end, if a controller starts another.",
  },
] as const satisfies readonly Flag[];
