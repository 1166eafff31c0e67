import type { WorkloadCertificate } from "../../model/certificate.ts";
import {
  FAILING_LONG_MS,
  REFRESH_MIN_MS,
  RETRY_JITTER,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
} from "./limits.ts";

/** Attempts failed in a row. */
export interface Failures {
  /** 1 or more. */
  readonly count: number;
  /** When the first of them failed. */
  readonly sinceMs: number;
}

/** From now to half of a certificate's life. */
export function refreshDelayMs(
  { notBeforeMs, notAfterMs }: WorkloadCertificate,
  nowMs: number,
): number {
  const halfLifeMs = notBeforeMs + (notAfterMs - notBeforeMs) / 2;
  return Math.max(REFRESH_MIN_MS, Math.round(halfLifeMs - nowMs));
}

/** One failure more. */
export function addFailure(
  failures: Failures | undefined,
  nowMs: number,
): Failures {
  return failures === undefined
    ? { count: 1, sinceMs: nowMs }
    : { ...failures, count: failures.count + 1 };
}

/**
 * How long to wait after a failure.
 *
 * @param random 0 to 1.
 */
export function retryDelayMs(
  failures: Failures,
  nowMs: number,
  random: () => number,
): number {
  if (nowMs - failures.sinceMs >= FAILING_LONG_MS) return RETRY_MAX_MS;
  const plainMs = RETRY_MIN_MS * 2 ** (failures.count - 1);
  const factor = 1 - RETRY_JITTER + 2 * RETRY_JITTER * random();
  return Math.min(RETRY_MAX_MS, Math.round(plainMs * factor));
}
