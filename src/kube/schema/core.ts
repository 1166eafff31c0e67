/** Kinds of Kubernetes' core group. */
import * as v from "valibot";
import { flag, ip, mapOf, open, parsed, port, someOf, text } from "./fields.ts";

const container = open({
  ports: someOf(open({
    name: v.exactOptional(text),
    containerPort: port,
    protocol: v.optional(text, "TCP"),
  })),
  restartPolicy: v.exactOptional(text),
});

export const podSpec = open({
  nodeName: v.optional(text, ""),
  serviceAccountName: v.optional(text, ""),
  hostNetwork: v.optional(flag, false),
  containers: someOf(container),
  initContainers: someOf(container),
});

export const podStatus = open({
  phase: v.exactOptional(text),
  podIP: v.exactOptional(v.union([v.literal(""), ip], "is not an IP address")),
  podIPs: someOf(open({ ip })),
  conditions: someOf(open({ type: text, status: text })),
});

/** Kubernetes' own rule for a port name (IANA service name). */
const portName = parsed(
  (name) => /^(?=.*[a-z])[a-z0-9-]{1,15}$/.test(name) ? name : undefined,
  "is not a port number or name",
);

const clusterIp = v.union(
  [v.literal("None"), v.literal(""), ip],
  'is not an IP address, "None" or ""',
);

export const serviceSpec = open({
  type: v.optional(text, "ClusterIP"),
  clusterIP: v.exactOptional(clusterIp),
  clusterIPs: someOf(clusterIp),
  selector: v.optional(mapOf(text), {}),
  ports: someOf(open({
    name: v.optional(text, ""),
    port,
    protocol: v.optional(text, "TCP"),
    appProtocol: v.exactOptional(text),
    targetPort: v.exactOptional(
      v.union([port, portName], "is not a port number or name"),
    ),
  })),
  ipFamilies: someOf(v.picklist(["IPv4", "IPv6"], "is not IPv4 or IPv6")),
  internalTrafficPolicy: v.exactOptional(text),
  trafficDistribution: v.exactOptional(text),
  publishNotReadyAddresses: v.optional(flag, false),
});

export type PodSpec = v.InferOutput<typeof podSpec>;
export type PodStatus = v.InferOutput<typeof podStatus>;
export type ServiceSpec = v.InferOutput<typeof serviceSpec>;
