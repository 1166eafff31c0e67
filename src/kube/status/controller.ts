/** How hairpin names itself as a controller of the Gateway API. */
import type { MeshObjects } from "../mesh_objects.ts";
import type { GatewayObject } from "../objects.ts";

/** `spec.controllerName` of the GatewayClasses that hairpin serves, and the author of its parts of a status. */
export const CONTROLLER_NAME = "hairpin.dev/waypoint";

/** Whether a Gateway is hairpin's to tell about: its class says so. */
export const isOwnGateway = (
  { spec }: GatewayObject,
  objects: MeshObjects,
): boolean =>
  objects.find("GatewayClass", spec.gatewayClassName)?.spec.controllerName ===
    CONTROLLER_NAME;
