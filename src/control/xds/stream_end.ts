/** How streams end, and what follows from that. */
import { Code, ConnectError } from "@connectrpc/connect";
import type { XdsEnd } from "../../telemetry/control_metrics.ts";
import { MESSAGE_OCTETS_MAX } from "../../wire/xds/mod.ts";
import { describeFailure } from "../grpc/mod.ts";
import { BACKOFF_JITTER, BACKOFF_MAX_MS, BACKOFF_MIN_MS } from "./limits.ts";

/** How far a stream had come when it ended. */
export interface StreamProgress {
  /** The server had begun to answer. */
  readonly opened: boolean;
  /** At least one response had been taken. */
  readonly delivered: boolean;
}

/** A stream's end; the reason is undefined when the server ended it in order. */
export interface StreamEnd extends StreamProgress {
  readonly reason: unknown;
}

/** The end as ztunnel's counter names it. */
export function kindOfEnd({ reason, opened }: StreamEnd): XdsEnd {
  if (reason === undefined) return "Complete";
  if (!opened) return "ConnectionError";
  if (!(reason instanceof ConnectError)) return "Error";
  return isRoutine(reason) ? "Reconnect" : "Error";
}

/** What a server does that restarts, or limits the age of connections. */
function isRoutine({ code, rawMessage }: ConnectError): boolean {
  switch (code) {
    case Code.Unknown:
    case Code.Canceled:
    case Code.DeadlineExceeded:
      return true;
    case Code.Unavailable:
      return /transport is closing|received prior goaway/.test(rawMessage);
    default:
      return false;
  }
}

/**
 * The wait before the next stream, before {@link shortened}.
 *
 * @param beforeMs The wait before the stream that ended; {@link BACKOFF_MIN_MS}
 * at first.
 */
export function nextDelayMs(end: StreamEnd, beforeMs: number): number {
  const kind = kindOfEnd(end);
  const quick = kind === "Reconnect" || kind === "Complete";
  // One that never delivers anything must not come back without end.
  if (quick && end.delivered) return BACKOFF_MIN_MS;
  const fromMs = end.delivered ? BACKOFF_MIN_MS : beforeMs;
  return Math.min(fromMs * 2, BACKOFF_MAX_MS);
}

/** A delay of which chance takes a part. @param random 0 to 1. */
export const shortened = (delayMs: number, random: number): number =>
  Math.round(delayMs * (1 - BACKOFF_JITTER * random));

/** The end in words, for the log: what happened, and what to do about it. */
export function describeEnd(reason: unknown): string {
  const what = describeFailure(reason);
  return isTooLarge(reason)
    ? `${what} (hint: an update has to fit ${MESSAGE_OCTETS_MAX} octets; ` +
      "have istiod send less by its discoverySelectors, or set XDS_ON_DEMAND=true)"
    : what;
}

/** A server that is asked too often says the same code, but not these words. */
const isTooLarge = (reason: unknown): boolean =>
  reason instanceof ConnectError && reason.code === Code.ResourceExhausted &&
  reason.rawMessage.includes("larger than");
