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

/**
 * A connection is spliced once so many octets have gone through user space in
 * so short a time, in greater chunks than {@link JOIN_CHUNK_MAX_OCTETS} on
 * average: at 0.4 Gbit/s. Slower ones cost less in user space.
 */
export const SPLICE_AFTER_OCTETS = 1024 * 1024;
export const SPLICE_WINDOW_MS = 20;

/** Pairs of sockets that one worker may have spliced; more go by user space. */
export const SPLICED_PAIRS_MAX = 8_192;

/**
 * What one pipe holds for a reader that does not keep up: the most that the
 * kernel gives to anybody (`/proc/sys/fs/pipe-max-size`) by default.
 */
export const PIPE_OCTETS = 1024 * 1024;

/**
 * Pipes of one worker that hold something. A connection has one for each
 * direction whose reader is slow; those above go by user space. Together they
 * hold 256 MiB at most.
 */
export const PIPES_MAX = 256;

/** Empty pipes that are kept for the next who needs one. */
export const PIPES_IDLE_MAX = 4;

/** Octets that are spliced in one direction before others have their turn. */
export const SPLICE_TURN_OCTETS = 4 * 1024 * 1024;

/**
 * Octets that may come for a busy direction between two ticks: half of the most
 * that Linux's own choice of a receive buffer comes to by default.
 */
export const RECEIVE_OCTETS = 3 * 1024 * 1024;

/** A turn that moves so many makes a direction busy: it is looked at in ticks. */
export const BUSY_OCTETS = 256 * 1024;
export const BUSY_TICK_MS = 1;

/** So many ticks with fewer octets, and it waits for its sockets again. */
export const QUIET_OCTETS = 32 * 1024;
export const QUIET_TICKS = 2;
