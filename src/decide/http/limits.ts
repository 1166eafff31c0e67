/**
 * Longest path with its query, in characters. Default 32_768: Envoy's 60 KiB
 * for all fields together, and what other servers take of a URL, are near it.
 */
export const PATH_LENGTH_MAX = 32_768;

/** Most parameters of a query that a match looks into. Default 1_000, as PHP and others have it. */
export const QUERY_PARAMETERS_MAX = 1_000;

/**
 * Routes that a thread keeps opened after a request asked them, twice as many
 * at most. Default 512: under a MiB of usual ones; to open one takes microseconds.
 */
export const ROUTES_OPENED_MAX = 512;
