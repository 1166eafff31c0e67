import { allowByPolicy, denyByPolicy, refuseOutsider } from "./policies.ts";
import type { Step } from "./step.ts";
import {
  requestByPodIp,
  requestByService,
  showThroughput,
  showWire,
} from "./traffic.ts";
import { showConfiguration, showMetrics } from "./views.ts";
import { passWaypoint, turnToWaypoint } from "./waypoint.ts";

/** All chapters, in their order. */
export const STEPS: readonly Step[] = [
  requestByPodIp,
  requestByService,
  showWire,
  showThroughput,
  denyByPolicy,
  allowByPolicy,
  refuseOutsider,
  passWaypoint,
  turnToWaypoint,
  showMetrics,
  showConfiguration,
];
