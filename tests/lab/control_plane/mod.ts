export type { AuditEvent } from "./audit.ts";
export {
  ControlPlane,
  type ControlPlaneOptions,
  type NodeProxy,
} from "./control_plane.ts";
export type { ClusterPod } from "./objects.ts";
export { controlPlaneSkipReason, testTools } from "./requirements.ts";
