/** Times of the plugin and of the node process that answers it. */

/**
 * How long the plugin waits for the node process, in ms: rules and listeners of
 * one pod, behind those of other pods that start at the same time.
 */
export const ADD_TIMEOUT_MS = 30_000;
/** What DEL and STATUS wait, in ms: nothing depends on the one, and the other is asked often. */
export const QUICK_TIMEOUT_MS = 3_000;
/** Istio's plugin waits this long for its agent, in ms. */
export const ISTIO_TIMEOUT_MS = 5_000;
/** How long a pod that the node process has not heard of yet is waited for, in ms. */
export const UNKNOWN_POD_WAIT_MS = 5_000;
/** Questions that are open at the same time; more are refused. */
export const OPEN_QUESTIONS_MAX = 512;
/** Largest network list that is changed, in octets; they have a few thousand. */
export const CONF_BYTES_MAX = 1_048_576;
/** Quiet time after a change before the files are looked at, and the longest without a look, in ms. */
export const CHAIN_WATCH_TIMES = { debounceMs: 200, pollMs: 10_000 } as const;
/** Changes one after the other that somebody else must be at, as in Istio. */
export const CONFLICT_CHANGES_MAX = 5;
/** Time between two of them, in ms, as in Istio. */
export const CONFLICT_WITHIN_MS = 5_000;
