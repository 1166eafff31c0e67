import type { Ip } from "../model/address.ts";
import { gatewayOf } from "./enrolment.ts";
import { MeshObjects } from "./mesh_objects.ts";
import { type KubeObject, nameOf } from "./objects.ts";
import { podIps, serviceAccountOf } from "./pods.ts";

/** A pod that serves as a waypoint. */
export interface GatewayPod {
  /** `metadata.uid`, else `namespace/name`. */
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly ips: readonly Ip[];
}

/** The pods of one Gateway, by their label. */
export function podsOfGateway(
  kubeObjects: readonly KubeObject[],
  gateway: { readonly namespace: string; readonly name: string },
): GatewayPod[] {
  const objects = new MeshObjects(kubeObjects);
  const wanted = `${gateway.namespace}/${gateway.name}`;
  return objects.all("Pod").filter((pod) => {
    const found = gatewayOf(pod, objects);
    return found !== undefined && nameOf(found) === wanted;
  }).map((pod) => ({
    uid: pod.metadata.uid || nameOf(pod),
    name: pod.metadata.name,
    namespace: pod.metadata.namespace,
    serviceAccount: serviceAccountOf(pod),
    ips: podIps(pod),
  }));
}
