/** Largest request body, in octets: no endpoint reads one. */
export const BODY_MAX = 4096;

/** Longest request target, in characters: a log filter at its limit, escaped, fits. */
export const TARGET_MAX = 16_384;

/** Responses shorter than this, in octets, are sent as they are. */
export const COMPRESSION_MIN = 1024;
