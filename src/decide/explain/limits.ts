/** Ways that are told; ours: a service with more endpoints is seldom asked about for all of them. */
export const WAYS_MAX = 16;

/**
 * How often every choice is made anew, evenly over all that chance may say;
 * ours: enough to meet each of a few dozen endpoints.
 */
export const CHANCES = 64;

/** Longest `from` and `to`, in characters: a host name, a colon and a port. */
export const PARTY_LENGTH_MAX = 259;

/** Longest method and path, in characters; ours: the admin server takes no longer target. */
export const METHOD_LENGTH_MAX = 64;
export const PATH_LENGTH_MAX = 8192;
