import type { RouteTimeouts } from "../model/http_route.ts";

/**
 * The time that the next attempt may take: its own limit, and what is left of
 * the request's.
 *
 * @param elapsedMs Since the whole request head was there.
 * @returns undefined for no limit; 0 when the request's time is over.
 */
export function attemptLimitMs(
  { requestMs, attemptMs }: RouteTimeouts,
  elapsedMs: number,
): number | undefined {
  if (requestMs === undefined) return attemptMs;
  const left = Math.max(0, requestMs - elapsedMs);
  return attemptMs === undefined ? left : Math.min(left, attemptMs);
}
