/** Whether and when a failed attempt is made again; Envoy's and Istio's defaults. */
import type { RouteRetry } from "../../model/http_route.ts";

export interface RetryPolicy {
  /** Attempts after the first. */
  readonly attempts: number;
  /** Statuses of responses that count as failures. */
  readonly statuses: readonly number[];
  /** Whether any broken or timed-out attempt counts, and not only one that never began. */
  readonly onBroken: boolean;
  /** Least pause before any attempt after the first. */
  readonly pauseMinMs: number;
  /** What the pause grows from, by chance and doubling. */
  readonly backoffBaseMs: number;
}

/** Source: Istio's default policy, with an empty list of statuses; Envoy's backoff. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 2,
  statuses: [],
  onBroken: false,
  pauseMinMs: 0,
  backoffBaseMs: 25,
};

/** The pause never grows past this many times its base. Source: Envoy. */
export const BACKOFF_GROWTH_MAX = 10;

/** Share of the active requests that may be retries. Source: Envoy's retry budget. */
export const RETRY_BUDGET_SHARE = 0.2;

/** Retries that may run at once whatever the share. Source: Envoy's retry budget. */
export const RETRY_BUDGET_MIN = 3;

/** How one attempt ended without success. */
export type FailedAttempt =
  /** Nothing was sent: no connection, or the peer refused the stream. */
  | { readonly kind: "connect-failure" | "refused-stream" }
  /**
   * The peer closed a connection that had been used before, without a word: it
   * was about to all along, or it did on seeing the request.
   */
  | { readonly kind: "stale-connection"; readonly method: string }
  /** It may have been seen by the application. */
  | { readonly kind: "reset" | "timeout" }
  | {
    readonly kind: "response";
    readonly status: number;
    /** `grpc-status` of a response that has no body. */
    readonly grpcStatus?: number;
  };

/** Requests in flight to one service. */
export interface RetryLoad {
  /** All of them, retries included. */
  readonly requests: number;
  readonly retries: number;
}

/** @param retry A route's own, undefined for none. */
export function retryPolicy(retry: RouteRetry | undefined): RetryPolicy {
  if (retry === undefined) return DEFAULT_RETRY;
  const { codes, attempts, backoffMs } = retry;
  return {
    attempts: attempts ?? DEFAULT_RETRY.attempts,
    statuses: codes,
    onBroken: true,
    pauseMinMs: backoffMs ?? 0,
    backoffBaseMs: backoffMs ?? DEFAULT_RETRY.backoffBaseMs,
  };
}

/** Whether a policy counts the end of an attempt as one to try again. */
export function retryOn(policy: RetryPolicy, failed: FailedAttempt): boolean {
  switch (failed.kind) {
    case "connect-failure":
    case "refused-stream":
      return true;
    case "stale-connection":
      return policy.onBroken || IDEMPOTENT.has(failed.method);
    case "reset":
    case "timeout":
      return policy.onBroken;
    case "response":
      return policy.statuses.includes(failed.status) ||
        GRPC_STATUSES.includes(failed.grpcStatus);
  }
}

/** Methods that may be repeated unasked. @see RFC 9110, section 9.2.2 */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
]);

/** CANCELLED and UNAVAILABLE. */
const GRPC_STATUSES: readonly (number | undefined)[] = [1, 14];

/** Whether one more retry fits: retries must not multiply a service's trouble. */
export const fitsBudget = ({ requests, retries }: RetryLoad): boolean =>
  retries <
    Math.max(RETRY_BUDGET_MIN, Math.floor(requests * RETRY_BUDGET_SHARE));

/** What follows an attempt that failed: another one, nothing, or nothing for want of budget. */
export type RetryVerdict = "retry" | "final" | "over-budget";

/**
 * Decides whether to make another attempt.
 *
 * @param made Attempts so far, 1 or more.
 */
export function judgeRetry(
  policy: RetryPolicy,
  failed: FailedAttempt,
  { made, load }: { readonly made: number; readonly load: RetryLoad },
): RetryVerdict {
  if (made > policy.attempts || !retryOn(policy, failed)) return "final";
  return fitsBudget(load) ? "retry" : "over-budget";
}

/**
 * The pause before an attempt.
 *
 * @param made Attempts so far, 1 or more.
 * @param random From 0 to below 1.
 */
export function retryPauseMs(
  { pauseMinMs, backoffBaseMs }: RetryPolicy,
  made: number,
  random: () => number,
): number {
  const growth = Math.min(2 ** (made - 1), BACKOFF_GROWTH_MAX);
  const ceiling = Math.max(backoffBaseMs * growth, pauseMinMs);
  return pauseMinMs + random() * (ceiling - pauseMinMs);
}
