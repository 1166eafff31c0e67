import type { Config } from "../config/mod.ts";
import { KernelLaneError, probeKernelLane } from "../net/kernel_lane/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import type { WorkerSettings } from "../worker/messages.ts";

/**
 * What the kernel is to relay; says who does, and why.
 *
 * @throws {KernelLaneError} when it is to relay and cannot.
 */
export async function chooseKernelLane(
  { mode, kernelLane }: Config,
  log: Logger,
): Promise<WorkerSettings["kernelLane"]> {
  // A waypoint's connections all come in tunnels.
  if (mode !== "node") return "nothing";
  const inUserSpace = (why: string) => {
    log.info("connections without TLS are relayed in user space", { why });
    return "nothing" as const;
  };
  if (kernelLane === "off") return inUserSpace("--kernel-lane off");
  try {
    await probeKernelLane();
  } catch (reason) {
    if (!(reason instanceof KernelLaneError) || kernelLane === "on") {
      throw reason;
    }
    return inUserSpace(reason.message);
  }
  log.info("connections without TLS are relayed by the kernel");
  return kernelLane === "on" ? "all" : "lasting";
}
