/**
 * Which pods have their traffic redirected, and which of them tunnel by
 * themselves.
 *
 * @see https://istio.io/latest/docs/ambient/usage/add-workloads/
 */
import {
  DATAPLANE_MODE_LABEL,
  GATEWAY_NAME_LABEL,
  MANAGED_LABEL,
  SIDECAR_STATUS_ANNOTATION,
  TUNNEL_LABEL,
  WAYPOINT_FOR_LABEL,
} from "./annotations.ts";
import { isBypassed } from "./capture_bypass.ts";
import type { MeshObjects } from "./mesh_objects.ts";
import type { GatewayObject, PodObject } from "./objects.ts";
import type { Labels } from "./selectors.ts";
import type { MeshSettings } from "./settings.ts";
import { inboundBinding } from "./waypoint_gateway.ts";

/** Succeeded and Failed pods have given their address back. */
export function isTerminal(pod: PodObject): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
}

/** Whether a pod's traffic is to be redirected to the node proxy. */
export const isEnrolled = (
  pod: PodObject,
  objects: MeshObjects,
  settings: Pick<MeshSettings, "excludedNamespaces" | "rootNamespace">,
): boolean => !isBypassed(pod) && isSelected(pod, objects, settings);

/** Whether a pod belongs to the mesh, also while it bypasses the proxy. */
export function isSelected(
  pod: PodObject,
  objects: MeshObjects,
  settings: Pick<MeshSettings, "excludedNamespaces" | "rootNamespace">,
): boolean {
  const { namespace, labels, annotations } = pod.metadata;
  if (settings.excludedNamespaces.includes(namespace)) return false;
  if (pod.spec.hostNetwork || isTerminal(pod)) return false;
  if (annotations[SIDECAR_STATUS_ANNOTATION] !== undefined) return false;
  if (isNodeProxy(pod, settings.rootNamespace)) return false;
  if (tunnelsItself(pod, objects)) return false;
  const mode = labels[DATAPLANE_MODE_LABEL];
  if (mode === "ambient") return true;
  if (mode === "none") return false;
  return objects.namespaceLabels(namespace)[DATAPLANE_MODE_LABEL] === "ambient";
}

const isNodeProxy = (pod: PodObject, rootNamespace: string): boolean =>
  pod.metadata.namespace === rootNamespace &&
  pod.metadata.labels.app === "ztunnel";

/** Whether the pod's own process speaks HBONE: it says so, or it is a waypoint. */
export function tunnelsItself(pod: PodObject, objects: MeshObjects): boolean {
  const { labels } = pod.metadata;
  if (labelledForTunnel(labels)) return true;
  if (labels[MANAGED_LABEL] === "istio.io-mesh-controller") return true;
  const gateway = gatewayOf(pod, objects);
  return gateway !== undefined && isWaypoint(gateway) &&
    inboundBinding(gateway, objects)?.protocol !== "PROXY";
}

/** `networking.istio.io/tunnel: http`, alone or in a list. */
export const labelledForTunnel = (labels: Labels): boolean =>
  (labels[TUNNEL_LABEL] ?? "").split(",").includes("http");

/** The Gateway that a pod is an instance of. */
export function gatewayOf(
  pod: PodObject,
  objects: MeshObjects,
): GatewayObject | undefined {
  const name = pod.metadata.labels[GATEWAY_NAME_LABEL];
  return name === undefined
    ? undefined
    : objects.find("Gateway", `${pod.metadata.namespace}/${name}`);
}

/** A waypoint, and not a gateway at the edge of the mesh. */
export const isWaypoint = ({ metadata, spec }: GatewayObject): boolean =>
  spec.gatewayClassName.endsWith("waypoint") ||
  metadata.labels[WAYPOINT_FOR_LABEL] !== undefined ||
  spec.listeners.some((listener) => listener.protocol === "HBONE");
