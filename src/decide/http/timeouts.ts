import type { RouteTimeouts } from "../../model/http_route.ts";

/**
 * What is left of the request's time, which runs until the whole response is
 * through.
 *
 * @param elapsedMs Since the whole request head was there.
 * @returns undefined for no limit; 0 when the request's time is over.
 */
export const requestLeftMs = (
  { requestMs }: RouteTimeouts,
  elapsedMs: number,
): number | undefined =>
  requestMs === undefined ? undefined : Math.max(0, requestMs - elapsedMs);

/**
 * The time that the next attempt may take until its response begins: its own
 * limit, and what is left of the request's.
 *
 * @param elapsedMs As for {@link requestLeftMs}.
 * @returns As {@link requestLeftMs}.
 */
export function attemptLimitMs(
  timeouts: RouteTimeouts,
  elapsedMs: number,
): number | undefined {
  const { attemptMs } = timeouts;
  const left = requestLeftMs(timeouts, elapsedMs);
  if (left === undefined || attemptMs === undefined) return left ?? attemptMs;
  return Math.min(left, attemptMs);
}
