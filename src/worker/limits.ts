/** Entries of one mesh message: some milliseconds of work for a worker. Own choice. */
export const MESH_SLICE_MAX = 256;

/** Entries of it that a worker applies at once: a tenth of a millisecond. Own choice. */
export const PIECE_ENTRIES = 16;

/** Work of a worker on the mesh until its connections are heard. Own choice. */
export const PIECE_MS = 1;

/** How long the control thread waits for a worker, in milliseconds. */
export interface WorkerLimits {
  /** How often a worker is asked whether it is there. */
  readonly pingIntervalMs: number;
  /** A worker that has not answered for so long is replaced. */
  readonly pingTimeoutMs: number;
  /** A worker's start, loading of its modules included. */
  readonly loadMs: number;
  /** A worker's answer to an order. */
  readonly answerMs: number;
}

export const WORKER_LIMITS: WorkerLimits = {
  pingIntervalMs: 1_000,
  pingTimeoutMs: 15_000,
  loadMs: 60_000,
  answerMs: 10_000,
};

/** Wait before a crashed worker is replaced; longer each time, to this. */
export const RESPAWN_MIN_MS = 100;
export const RESPAWN_MAX_MS = 10_000;

/** From cutting what a drain left over to its last line in the log. */
export const CUT_MS = 1_000;

/**
 * Questions that one decision may lead to, each answer asking for the next: an
 * address, its service, its waypoint, that one's endpoints. Own choice.
 */
export const LOOKUP_ROUNDS_MAX = 16;

/**
 * Open connections of a pod that one worker gathers until others are given some
 * too. Own choice: what few connections cost is waking up, of many it is work.
 */
export const GATHERED_MAX = 32;
