/** Kubernetes objects: read one, translate all, find a node's pods. No I/O. */
export { type Parsed, parseObject } from "./parse.ts";
export { isKnownKind } from "./kinds.ts";
export { closedForm } from "./closed_form.ts";
export { formatProblem, type Problem } from "./problem.ts";
export * from "./objects.ts";
export { saysTheSame } from "./packed_spec.ts";
export { translate, type Translation } from "./translate.ts";
export { DEFAULT_SETTINGS, type MeshSettings } from "./settings.ts";
export {
  annotatedNetns,
  decidePod,
  type NetnsOf,
  type NodePod,
  type PodDecision,
  type PodOverrides,
  type PodsOfNode,
  podsOfNode,
  uidOfPod,
} from "./pods_of_node.ts";
export {
  type BypassedPod,
  type CurrentBypasses,
  endBypasses,
} from "./capture_bypass.ts";
export { type PodMark, podMarks } from "./pod_marks.ts";
export { isForL4 } from "./policies/policies.ts";
export * as fields from "./schema/fields.ts";
export { problemOfIssue } from "./problem.ts";
export {
  DEFAULT_WAYPOINT_SETTINGS,
  waypointConfig,
  type WaypointSettings,
} from "./waypoint_config.ts";
export {
  type CurrentStatus,
  STATUS_KINDS,
  type StatusInput,
  type StatusPlan,
  statusPlan,
} from "./status/plan.ts";
export { CONTROLLER_NAME } from "./status/controller.ts";
export { REDIRECTION_ANNOTATION } from "./annotations.ts";
export {
  readDaemonSetPod,
  readSchedulableNode,
  runsOn,
} from "./daemonset_fit.ts";
export { podUidOfCgroup } from "./pod_cgroup.ts";
export { podsOfGateway } from "./pods_of_gateway.ts";
export { type HttpPolicies, httpPolicies } from "./policies/http_policies.ts";
export {
  type RequestAuthentications,
  requestAuthentications,
} from "./policies/request_authentications.ts";
export {
  meshConfigText,
  type ReadMeshConfig,
  readMeshConfig,
  unreadMeshConfig,
} from "./mesh_config.ts";
export {
  type WantedDeployment,
  wantedDeployments,
} from "./deployment/deployments.ts";
export {
  type AppliedObject,
  waypointObjects,
} from "./deployment/waypoint_objects.ts";
export { DEPLOYER, type DeploymentSettings } from "./deployment/settings.ts";
export { type Ownership, ownershipOf } from "./deployment/ownership.ts";
export {
  deployedStatusPlan,
  type DeploymentState,
} from "./deployment/deployed_status.ts";
