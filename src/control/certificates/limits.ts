/** Certificates asked for at the same time; as in ztunnel. */
export const ISSUES_MAX = 8;

/** Identities kept at the same time: several times the pods that fit on a node. */
export const IDENTITIES_MAX = 4096;

/** Patience with one attempt, so that a silent authority frees its place. */
export const ISSUE_TIMEOUT_MS = 30_000;

/** Delay after the first failure; doubles with each further one, as in ztunnel. */
export const RETRY_MIN_MS = 1_000;

/** Longest delay after a failure; as in ztunnel. */
export const RETRY_MAX_MS = 150_000;

/** Failing for this long, an identity is retried at the longest delay only. */
export const FAILING_LONG_MS = 15 * 60 * 1000;

/** Share by which a delay is moved up or down, lest all retry in step. */
export const RETRY_JITTER = 0.2;

/** Shortest way from one attempt to one that a waiting connection asks for. */
export const NUDGE_MIN_MS = 1_000;

/** Shortest way to a refresh, should an authority issue for seconds only. */
export const REFRESH_MIN_MS = 1_000;
