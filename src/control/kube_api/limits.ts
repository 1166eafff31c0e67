/**
 * Objects asked for in one page of a list. Default 250: half of what kubectl
 * asks for, so that a page of large objects stays far below
 * {@link BODY_BYTES_MAX}.
 */
export const LIST_PAGE_OBJECTS = 250;

/** Pages of one list. Default 4_000, a million objects: a server that never ends its list is left. */
export const LIST_PAGES_MAX = 4_000;

/** Largest body of one answer, in octets after decompression. Default 64 MiB: 250 objects of 256 KiB. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** Longest event of a watch, in octets. Default 8 MiB; etcd takes objects of 1.5 MiB. */
export const EVENT_BYTES_MAX = 8 * 1024 * 1024;

/** Longest token or PEM file, in octets. Default 1 MiB: the largest bundles of roots have a quarter of it. */
export const CREDENTIAL_BYTES_MAX = 1024 * 1024;

/** Patience until the headers of an answer are there, in milliseconds. Default 30_000. */
export const HEADERS_TIMEOUT_MS = 30_000;

/** Patience with a whole answer that is no watch, in milliseconds. Default 60_000, the server's own limit. */
export const ANSWER_TIMEOUT_MS = 60_000;

/**
 * What a watch asks the server for, in seconds: something between, so that the
 * watches of a cluster do not end together. Default 240 to 300; client-go asks
 * for 300 to 600, but has pings to notice a dead connection by.
 */
export const WATCH_SECONDS_MIN = 240;
/** @see WATCH_SECONDS_MIN */
export const WATCH_SECONDS_MAX = 300;

/** How much longer a watch may last than was asked for before it counts as dead, in milliseconds. */
export const WATCH_GRACE_MS = 30_000;

/** A watch that ends sooner than this counts as failed, in milliseconds; else a server could make it a hot loop. */
export const WATCH_SHORT_MS = 1_000;

/** Delay after the first failure, in milliseconds; each further one doubles it. */
export const RETRY_MIN_MS = 500;

/** Longest delay after a failure, in milliseconds. Default 30_000, as in client-go. */
export const RETRY_MAX_MS = 30_000;

/** Longest wait that a server may ask for with Retry-After, in milliseconds. */
export const RETRY_AFTER_MAX_MS = 60_000;

/** Delay until a kind that the server does not have is asked for again, in milliseconds. */
export const ABSENT_RETRY_MS = 30_000;

/** Times in a row that a kind must be found missing before the objects that there were of it are given up. */
export const ABSENCES_TO_BELIEVE = 3;

/** Share by which a delay is moved up or down, lest all retry in step. */
export const RETRY_JITTER = 0.2;

/** Time for which changes are gathered before they are used, in milliseconds. */
export const GATHER_MS = 100;

/** Rest after changes were used, as a multiple of the time that it took: a quarter of one thread at most. */
export const REST_FACTOR = 3;

/** Objects of which an error is kept; the first few show what to do. */
export const ERRORS_SHOWN_MAX = 50;

/** Longest excerpt of a server's own message, in characters. */
export const MESSAGE_EXCERPT_MAX = 300;

/** Shortest time between two writes of one object's status, in milliseconds; doubles while they do not stand. */
export const STATUS_REST_MIN_MS = 1_000;

/** Longest time between two writes of a status that others keep changing, in milliseconds. */
export const STATUS_REST_MAX_MS = 300_000;

/** After this long without a write, a status may be written again at once, in milliseconds. */
export const STATUS_CALM_MS = 600_000;

/** Delay until statuses of a kind are tried again whose writing is not allowed, in milliseconds. */
export const STATUS_DENIED_MS = 300_000;
