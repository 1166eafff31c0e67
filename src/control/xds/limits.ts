/** First delay after a failure is twice this; as in ztunnel. */
export const BACKOFF_MIN_MS = 10;

/** Longest delay after a failure; as in ztunnel. */
export const BACKOFF_MAX_MS = 15_000;

/** Share by which a delay is shortened at most, lest all nodes return in step. */
export const BACKOFF_JITTER = 0.2;

/** Work on an update until somebody else is heard. Own choice. */
export const SLICE_MS = 8;

/**
 * Names in a response until what was read is applied. Own choice: what is read
 * lives as short as it can.
 */
export const PART_MAX = 256;

/**
 * Wait until what was read is in force everywhere, before more is read. One
 * that hangs must not keep the others from what follows. Own choice.
 */
export const PACE_WAIT_MS = 1_000;

/** Entries of an update that are applied at once. Own choice. */
export const APPLY_SLICE_MAX = 256;

/**
 * Resources kept of one type: ten times the largest mesh that Istio is tested
 * with. More are refused. Own choice.
 */
export const RESOURCES_MAX = 1_000_000;

/** Names asked for on demand, of all kinds together. Own choice. */
export const ON_DEMAND_NAMES_MAX = 100_000;

/**
 * Wait for what was asked for on demand, as for a pod's own record. ztunnel
 * waits for ever.
 */
export const ON_DEMAND_WAIT_MS = 5_000;
