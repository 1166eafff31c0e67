/** Pods as WDS workloads. */
import type { Ip } from "../model/address.ts";
import {
  DEFAULT_WORKLOAD,
  type Locality,
  type PortMap,
  type Workload,
} from "../model/workload.ts";
import { REDIRECTION_ANNOTATION } from "./annotations.ts";
import { isBypassed } from "./capture_bypass.ts";
import { canonicalService, workloadNameOfPod } from "./canonical.ts";
import {
  gatewayOf,
  isEnrolled,
  isTerminal,
  tunnelsItself,
} from "./enrolment.ts";
import type { MeshObjects } from "./mesh_objects.ts";
import type { PodObject } from "./objects.ts";
import type { ServiceInfo, ServicePort } from "./service_info.ts";
import type { MeshSettings } from "./settings.ts";
import { inboundBinding } from "./waypoint_gateway.ts";

/**
 * The workload of a pod, without services, policies and waypoint.
 *
 * @returns undefined for a pod that has ended, or has no address yet.
 */
export function podWorkload(
  pod: PodObject,
  objects: MeshObjects,
  settings: MeshSettings,
): Workload | undefined {
  const ips = podIps(pod);
  if (isTerminal(pod) || ips.length === 0) return undefined;
  const { metadata, spec } = pod;
  const workloadName = workloadNameOfPod(metadata);
  return {
    ...DEFAULT_WORKLOAD,
    uid: `${settings.clusterId}//Pod/${metadata.namespace}/${metadata.name}`,
    name: metadata.name,
    namespace: metadata.namespace,
    ips,
    network: settings.network,
    ...tunnelOf(pod, objects, settings),
    trustDomain: settings.trustDomain,
    serviceAccount: serviceAccountOf(pod),
    node: spec.nodeName,
    workloadName,
    workloadType: "pod",
    ...canonicalService(metadata.labels, workloadName),
    status: isReady(pod) ? "Healthy" : "Unhealthy",
    clusterId: settings.clusterId,
    locality: localityOfNode(objects, spec.nodeName),
    networkMode: spec.hostNetwork ? "HostNetwork" : "Standard",
  };
}

export function podIps({ status }: PodObject): Ip[] {
  if (status.podIPs.length > 0) return status.podIPs.map(({ ip }) => ip);
  return status.podIP ? [status.podIP as Ip] : [];
}

export const serviceAccountOf = ({ spec }: PodObject): string =>
  spec.serviceAccountName || "default";

/** A pod is ready unless it says otherwise: hand-written pods have no conditions. */
export function isReady({ status, metadata }: PodObject): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return status.conditions.length === 0 ||
    status.conditions.some(({ type, status }) =>
      type === "Ready" && status === "True"
    );
}

function tunnelOf(
  pod: PodObject,
  objects: MeshObjects,
  settings: MeshSettings,
): Pick<Workload, "protocol" | "nativeTunnel" | "applicationTunnel"> {
  const nativeTunnel = tunnelsItself(pod, objects);
  const isMarked =
    pod.metadata.annotations[REDIRECTION_ANNOTATION] === "enabled" &&
    !isBypassed(pod);
  const redirected = isMarked || isEnrolled(pod, objects, settings);
  const gateway = gatewayOf(pod, objects);
  const applicationTunnel = gateway && inboundBinding(gateway, objects);
  return {
    protocol: nativeTunnel || redirected ? "HBONE" : "TCP",
    nativeTunnel,
    ...applicationTunnel && { applicationTunnel },
  };
}

function localityOfNode(objects: MeshObjects, name: string): Locality {
  const labels = objects.node(name)?.metadata.labels ?? {};
  return {
    region: labels["topology.kubernetes.io/region"] ?? "",
    zone: labels["topology.kubernetes.io/zone"] ?? "",
    subzone: labels["topology.istio.io/subzone"] ?? "",
  };
}

/** Where a pod serves each port of a service; a named port that it does not have is left out. */
export function podPorts(pod: PodObject, info: ServiceInfo): PortMap {
  const ports: Record<number, number> = {};
  for (const port of info.ports) {
    const target = podTarget(pod, port, info.source);
    if (target !== undefined) ports[port.port] = target;
  }
  return ports;
}

/** A ServiceEntry has no named targets: there the port's own name picks the container's port. */
function podTarget(
  pod: PodObject,
  { name, target }: ServicePort,
  source: ServiceInfo["source"],
): number | undefined {
  if (typeof target === "string") return containerPort(pod, target);
  if (source === "Service" || name === "") return target;
  return containerPort(pod, name) ?? target;
}

/** Looks in the containers, then in the init containers that stay running. */
function containerPort({ spec }: PodObject, name: string): number | undefined {
  const sidecars = spec.initContainers.filter(({ restartPolicy }) =>
    restartPolicy === "Always"
  );
  for (const { ports } of [...spec.containers, ...sidecars]) {
    const port = ports.find((p) => p.name === name && p.protocol === "TCP");
    if (port !== undefined) return port.containerPort;
  }
  return undefined;
}
