/** A mesh of any size, as istiod would send it. */
import type { LabPod } from "../../lab/mod.ts";
import { serviceResource, workloadResource } from "../../wire/xds/resources.ts";

/** What is told of a pod that is really there. */
export type RealPod = Pick<
  LabPod,
  "name" | "namespace" | "serviceAccount" | "node" | "ips"
>;

/** Workloads of one service, of one node, and of one namespace. */
const PER_SERVICE = 20;
const PER_NODE = 30;
const PER_NAMESPACE = 200;

/** The pods of the lab itself. */
export const podResources = (pods: readonly RealPod[]): Uint8Array[] =>
  pods.map((pod) =>
    workloadResource({
      ...common(pod),
      node: pod.node,
      addresses: pod.ips.map(octetsOfIp),
    }, { version: "1" })
  );

/** That many workloads that are nowhere, and the services in front of them. */
export function syntheticResources(count: number): Uint8Array[] {
  const services = Math.ceil(count / PER_SERVICE);
  return [
    ...Array.from({ length: services }, (_, at) => serviceAt(at)),
    ...Array.from({ length: count }, (_, at) => workloadAt(at, 1)),
  ];
}

/** A workload as it is after that many changes: its revision tells. */
export function workloadAt(at: number, revision: number): Uint8Array {
  const namespace = namespaceOf(at);
  const name = `app-${Math.floor(at / PER_SERVICE)}`;
  return workloadResource({
    ...common({
      name: `${name}-6d4b75cb6d-${at.toString(36).padStart(5, "0")}`,
      namespace,
      serviceAccount: name,
    }),
    node: `worker-${Math.floor(at / PER_NODE)}`,
    addresses: [addressAt(10, at)],
    canonicalName: name,
    canonicalRevision: `v${revision}`,
    workloadName: name,
    services: {
      [`${namespace}/${hostOf(name, namespace)}`]: {
        ports: [{ servicePort: 80, targetPort: 8080 }],
      },
    },
  }, { version: `${revision}` });
}

function serviceAt(at: number): Uint8Array {
  const namespace = namespaceOf(at * PER_SERVICE);
  const name = `app-${at}`;
  return serviceResource({
    name,
    namespace,
    hostname: hostOf(name, namespace),
    addresses: [{ network: "", address: addressAt(11, at) }],
    ports: [{ servicePort: 80, targetPort: 8080 }],
  });
}

function common(pod: Pick<RealPod, "name" | "namespace" | "serviceAccount">) {
  return {
    uid: `Kubernetes//Pod/${pod.namespace}/${pod.name}`,
    name: pod.name,
    namespace: pod.namespace,
    serviceAccount: pod.serviceAccount,
    trustDomain: "cluster.local",
    clusterId: "Kubernetes",
    tunnelProtocol: 1,
  };
}

const namespaceOf = (at: number) => `ns-${Math.floor(at / PER_NAMESPACE)}`;

const hostOf = (name: string, namespace: string) =>
  `${name}.${namespace}.svc.cluster.local`;

/** An IPv4 address of its own under the first octet. */
const addressAt = (first: number, at: number) =>
  Uint8Array.of(first, 128 | (at >> 16), (at >> 8) & 255, at & 255);

function octetsOfIp(ip: string): Uint8Array {
  if (ip.includes(".")) return Uint8Array.from(ip.split("."), Number);
  const [head = "", tail = ""] = ip.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  const values = [...before, ...zeros, ...after].map((g) => parseInt(g, 16));
  return Uint8Array.from(values.flatMap((v) => [v >> 8, v & 255]));
}
