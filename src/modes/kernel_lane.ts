import type { Config } from "../config/mod.ts";
import {
  KernelLaneError,
  probeKernelLane,
  probeSpliceLane,
} from "../net/kernel_lane/mod.ts";
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
  const failures = [
    await failureOf(probeSpliceLane()),
    await failureOf(probeKernelLane()),
  ];
  const [failure] = failures.filter((failed) => failed !== undefined);
  if (failure === undefined) {
    log.info("connections without TLS are relayed by the kernel");
    return kernelLane === "on" ? "all" : "lasting";
  }
  if (kernelLane === "on") throw failure;
  const why = failure.message;
  if (failures[0] !== undefined) return inUserSpace(why);
  log.info("bulk without TLS is relayed by the kernel, the rest is not", {
    why,
  });
  return "bulk";
}

async function failureOf(
  probe: Promise<void>,
): Promise<KernelLaneError | undefined> {
  try {
    await probe;
    return undefined;
  } catch (reason) {
    if (reason instanceof KernelLaneError) return reason;
    throw reason;
  }
}
