import type { JoinAfter, KernelLane } from "./lane.ts";
import type { SpliceAfter, SpliceLane } from "./splice_lane.ts";

/**
 * What may carry a connection in the place of user space, each absent where it
 * may not or cannot.
 */
export interface KernelLanes {
  /** The kernel alone, by its maps of sockets: for conversations. */
  readonly kernel?: KernelLane | undefined;
  /** Pipes from socket to socket: for bulk. */
  readonly splice?: SpliceLane | undefined;
}

export type LaneName = keyof KernelLanes;

/** What has gone through user space so far, both ways. */
export interface Seen {
  readonly chunks: number;
  readonly octets: number;
  /** Of these, within {@link import("./limits.ts").SPLICE_WINDOW_MS}. */
  readonly recentOctets: number;
}

/** When either takes a connection. */
export interface Rules {
  readonly joinAfter?: JoinAfter | undefined;
  readonly spliceAfter?: SpliceAfter | undefined;
}

/** Which one is to carry a connection from here on; undefined: none yet. */
export function chooseLane(
  { chunks, octets, recentOctets }: Seen,
  { joinAfter, spliceAfter }: Rules,
): LaneName | undefined {
  if (
    joinAfter && chunks >= joinAfter.chunks &&
    octets <= chunks * joinAfter.chunkOctetsMax
  ) return "kernel";
  if (
    spliceAfter && recentOctets >= spliceAfter.octets &&
    octets > chunks * spliceAfter.chunkOctetsMin
  ) return "splice";
  return undefined;
}
