/** Which Gateways are deployed, and as what. */
import { MeshObjects } from "../mesh_objects.ts";
import { type GatewayObject, type KubeObject, nameOf } from "../objects.ts";
import { isOwnGateway } from "../status/controller.ts";
import { infrastructureProblem } from "./infrastructure.ts";
import type { DeploymentSettings } from "./settings.ts";
import { type AppliedObject, waypointObjects } from "./waypoint_objects.ts";

/** A Gateway of hairpin's class, and what is to become of it. */
export interface WantedDeployment {
  /** `namespace/name` of the Gateway. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly want:
    | { readonly kind: "objects"; readonly objects: readonly AppliedObject[] }
    /** What it asks for cannot be had; what there is of it stays as it is. */
    | { readonly kind: "refused"; readonly message: string }
    /** It has an address of its own: whoever gave it that runs the waypoint. */
    | { readonly kind: "left" };
}

/** Gateways of all other classes, and those that are being deleted, are nobody's here. */
export function wantedDeployments(
  kubeObjects: readonly KubeObject[],
  settings: DeploymentSettings,
): readonly WantedDeployment[] {
  const objects = new MeshObjects(kubeObjects);
  return objects.all("Gateway").filter((gateway) =>
    isOwnGateway(gateway, objects) &&
    gateway.metadata.deletionTimestamp === undefined
  ).map((gateway) => {
    const { namespace, name, uid = "" } = gateway.metadata;
    const want = wantOf(gateway, settings);
    return { key: nameOf(gateway), namespace, name, uid, want };
  });
}

function wantOf(
  gateway: GatewayObject,
  settings: DeploymentSettings,
): WantedDeployment["want"] {
  if (gateway.spec.addresses.length > 0) return { kind: "left" };
  const message = infrastructureProblem(gateway);
  return message === undefined
    ? { kind: "objects", objects: waypointObjects(gateway, settings) }
    : { kind: "refused", message };
}
