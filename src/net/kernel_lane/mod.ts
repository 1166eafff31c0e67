export { AT_ONCE, KernelLane, KernelLaneError } from "./lane.ts";
export { type LaneMeter, startLaneRelay } from "./lane_relay.ts";
export { probeKernelLane } from "./probe.ts";
