export { AT_ONCE, KernelLane, KernelLaneError } from "./lane.ts";
export { type KernelLanes, type LaneName } from "./choose_lane.ts";
export { type LaneMeter, startLaneRelay } from "./lane_relay.ts";
export { type LaneUse, openKernelLanes } from "./open_lanes.ts";
export { SPLICE_AT_ONCE, SpliceLane } from "./splice_lane.ts";
export { probeKernelLane, probeSpliceLane } from "./probe.ts";
