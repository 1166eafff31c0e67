import type { KernelLanes } from "./choose_lane.ts";
import { AT_ONCE, KernelLane } from "./lane.ts";
import { SPLICE_AT_ONCE, SpliceLane } from "./splice_lane.ts";

/**
 * Which connections go past user space: all from their first octets on, those
 * that last, of these only bulk transfers, or none.
 */
export type LaneUse = "all" | "lasting" | "bulk" | "nothing";

/**
 * The lanes of one thread.
 *
 * @returns undefined for "nothing".
 * @throws {KernelLaneError} naming what is missing.
 */
export function openKernelLanes(use: LaneUse): KernelLanes | undefined {
  switch (use) {
    case "all":
      return {
        kernel: new KernelLane({ joinAfter: AT_ONCE }),
        splice: new SpliceLane({ spliceAfter: SPLICE_AT_ONCE }),
      };
    case "lasting":
      return { kernel: new KernelLane(), splice: new SpliceLane() };
    case "bulk":
      return { splice: new SpliceLane() };
    case "nothing":
      return undefined;
    default:
      throw new Error(`unhandled: ${use satisfies never}`);
  }
}
