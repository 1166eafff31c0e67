/** Largest key set or OpenID configuration, in octets. Default 262_144; those of large providers are below 20_000. */
export const JWKS_SIZE_MAX = 262_144;

/** Keys in one set. Default 100; issuers publish fewer than ten. */
export const JWKS_KEYS_MAX = 100;

/** Time between fetches of a set that is held, in milliseconds. Default 300_000. Source: Istio's cache. */
export const REFRESH_MS = 300_000;

/** Wait after a first fetch that failed, in milliseconds; each further one doubles it, up to {@link REFRESH_MS}. */
export const RETRY_MS = 1_000;

/**
 * Least time between fetches that unknown key names bring about, in
 * milliseconds. Default 30_000: anyone can make up a name.
 */
export const MISS_REFETCH_MS = 30_000;
