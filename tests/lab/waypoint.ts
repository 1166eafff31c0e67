import type { Lab } from "./lab.ts";
import type { LabPod, PodSpec } from "./places.ts";

/** On a service (or a pod): which Gateway stands in front of it. */
export const WAYPOINT_LABEL = "istio.io/use-waypoint";

/**
 * Adds a Gateway of class `istio-waypoint` for services, and the pod that serves
 * it, both of that name. `lab.startHairpin(pod, { gateway: "NAMESPACE/NAME" })`
 * starts the waypoint in it.
 */
export async function addWaypoint(
  lab: Lab,
  { name, node, namespace = "default" }: Pick<
    PodSpec,
    "name" | "node" | "namespace"
  >,
): Promise<LabPod> {
  const labels = {
    "gateway.networking.k8s.io/gateway-name": name,
    "istio.io/dataplane-mode": "none",
  };
  await lab.apply(`gateway-${namespace}-${name}`, gateway(name, namespace));
  return await lab.addPod({ name, node, namespace, labels });
}

function gateway(name: string, namespace: string): object {
  const labels = { "istio.io/waypoint-for": "service" };
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name, namespace, labels },
    spec: {
      gatewayClassName: "istio-waypoint",
      listeners: [{ name: "mesh", port: 15008, protocol: "HBONE" }],
    },
  };
}
