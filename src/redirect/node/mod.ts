export type { CapturedAddress, CapturedBridge } from "./captured_pod.ts";
export { type NodeRedirectRequest, runNodeRedirect } from "./command.ts";
export { findPlaces } from "./find_places.ts";
export { findLeftBehind, type LeftBehind } from "./left_behind.ts";
export { NODE_PORTS, SOCKET_MARKS } from "./names.ts";
export { NodeRules } from "./node_rules.ts";
export { nodeFamilies, removeNodeSide } from "./node_side.ts";
export type { WantedAddress } from "./places.ts";
export {
  type ProbedDevice,
  probeDevices,
  requireDevice,
  VETH_HINT,
} from "./probe_devices.ts";
export { mayConcernNode, RULE_TOPICS } from "./rule_events.ts";
