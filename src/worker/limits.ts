/** Entries of one mesh message; about a millisecond's work for a worker. */
export const MESH_SLICE_MAX = 500;

/** How often a worker is asked whether it is there. */
export const PING_INTERVAL_MS = 1_000;

/** A worker that has not answered for so long is replaced. */
export const PING_TIMEOUT_MS = 15_000;

/** A worker's start, loading of its modules included. */
export const LOAD_TIMEOUT_MS = 60_000;

/** Wait before a crashed worker is replaced; longer each time, to this. */
export const RESPAWN_MIN_MS = 100;
export const RESPAWN_MAX_MS = 10_000;

/** From cutting what a drain left over to its last line in the log. */
export const CUT_MS = 1_000;

/** A worker's answer to an order. */
export const ANSWER_TIMEOUT_MS = 10_000;
