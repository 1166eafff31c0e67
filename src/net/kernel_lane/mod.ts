export { KernelLane, KernelLaneError } from "./lane.ts";
export { type LaneMeter, startLaneRelay } from "./lane_relay.ts";
