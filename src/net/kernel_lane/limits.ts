/** Named limits of the kernel lane. All are own choices, by measurement. */

/** Pairs of sockets that one worker may have joined; more go by user space. */
export const PAIRS_MAX = 8_192;

/**
 * A connection is joined once so many chunks have gone through user space:
 * joining costs about what ten do, so that a short exchange is over before.
 */
export const JOIN_AFTER_CHUNKS = 16;

/**
 * And not while its chunks are greater, on average: a bulk transfer outruns the
 * kernel, which then has to be held back, and is slower than user space.
 */
export const JOIN_CHUNK_MAX_OCTETS = 16 * 1024;

/**
 * Octets that may wait in the kernel for one slow reader, and that are moved
 * between two looks at how many do: the kernel counts them against nothing and
 * would take any number. The greatest where few connections are joined.
 */
export const WAITING_MIN_OCTETS = 256 * 1024;
export const WAITING_MAX_OCTETS = 4 * 1024 * 1024;

/** The same for all connections of a worker together. */
export const WAITING_TOTAL_OCTETS = 256 * 1024 * 1024;

/**
 * How much more may wait when looks are late, in looks, before octets are left
 * to user space, which is slow: a thread on a busy machine is tens of
 * milliseconds late.
 */
export const LATE_LOOKS = 2;

/** Wait until a direction that waits is looked at again. */
export const RECHECK_MIN_MS = 1;
export const RECHECK_MAX_MS = 256;

/** Octets that user space reads at a time, and in one turn, where it must. */
export const PUMP_OCTETS = 256 * 1024;
export const PUMP_TURN_OCTETS = 1024 * 1024;

/** Rest of a slot between two pairs: no program looks at the old one by then. */
export const SLOT_REST_MS = 100;

/** What is sent through the lane at start to see that it works, and how long. */
export const PROBE_OCTETS = 2 * 1024 * 1024;
export const PROBE_MS = 5_000;
