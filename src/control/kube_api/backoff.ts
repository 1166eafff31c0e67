import {
  ABSENT_RETRY_MS,
  RETRY_JITTER,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
} from "./limits.ts";

/**
 * How long to wait after a failure, in milliseconds.
 *
 * @param failures In a row, 1 or more.
 * @param random 0 to 1.
 */
export function retryDelayMs(failures: number, random: () => number): number {
  const plainMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (failures - 1));
  return jittered(plainMs, random);
}

/** How long to wait until a kind is asked for again that the server does not have. */
export const absentDelayMs = (random: () => number): number =>
  jittered(ABSENT_RETRY_MS, random);

const jittered = (delayMs: number, random: () => number): number =>
  Math.round(delayMs * (1 - RETRY_JITTER + 2 * RETRY_JITTER * random()));
