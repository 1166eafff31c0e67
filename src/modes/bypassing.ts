import { BypassedPods } from "../control/bypassed_pods.ts";
import type { RedirectionStatus } from "../control/redirection_status.ts";
import { bypassedPodsGauge } from "../telemetry/hairpin_metrics.ts";
import type { EnrolmentOptions } from "./enrolment.ts";

/**
 * Whoever enrols pods tells it which are past the proxy.
 *
 * @param removeRules What an earlier process may have left in a pod's namespace.
 */
export const openBypassedPods = (
  { registry, log }: Pick<EnrolmentOptions, "registry" | "log">,
  status: RedirectionStatus | undefined,
  removeRules: (netnsPath: string) => Promise<void>,
): BypassedPods =>
  new BypassedPods({
    log: log("inpod"),
    count: bypassedPodsGauge(registry),
    removeRules,
    ...status && { tell: (event) => void status.tell(event) },
  });
