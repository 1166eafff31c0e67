/** The objects of a lab as the Kubernetes API server would show them. */

export interface PodFacts {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly serviceAccount: string;
  readonly nodeName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ips: readonly string[];
  readonly ready: boolean;
  readonly ports: readonly PodPort[];
}

export interface PodPort {
  readonly name: string;
  readonly containerPort: number;
}

export interface ServiceFacts {
  readonly name: string;
  readonly namespace: string;
  readonly clusterIPs: readonly string[];
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
}

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort: number | string;
  readonly appProtocol?: string;
}

/** A Namespace object. */
export function namespaceManifest(
  name: string,
  labels: Readonly<Record<string, string>>,
): object {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: { "kubernetes.io/metadata.name": name, ...labels },
    },
  };
}

/** A scheduled Pod object with the status that its kubelet would have reported. */
export function podManifest(pod: PodFacts): object {
  const { name, namespace, uid, labels, annotations } = pod;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, uid, labels, annotations },
    spec: {
      nodeName: pod.nodeName,
      serviceAccountName: pod.serviceAccount,
      containers: [{ name: "app", image: "lab", ports: pod.ports }],
    },
    status: {
      phase: "Running",
      podIP: pod.ips[0],
      podIPs: pod.ips.map((ip) => ({ ip })),
      conditions: [{ type: "Ready", status: pod.ready ? "True" : "False" }],
    },
  };
}

/** A ClusterIP Service object. */
export function serviceManifest(service: ServiceFacts): object {
  const { name, namespace, labels, clusterIPs, selector, ports } = service;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels },
    spec: {
      type: "ClusterIP",
      clusterIP: clusterIPs[0],
      clusterIPs,
      ipFamilies: clusterIPs.map((ip) => ip.includes(":") ? "IPv6" : "IPv4"),
      ipFamilyPolicy: clusterIPs.length > 1 ? "PreferDualStack" : "SingleStack",
      selector,
      ports: ports.map((port) => ({ protocol: "TCP", ...port })),
    },
  };
}
