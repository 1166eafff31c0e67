/** Longest token, in characters. Default 16_384: more than any HTTP server takes in one header by default. */
export const TOKEN_LENGTH_MAX = 16_384;

/** Tokens in one request. Default 8: each costs a signature check, and more than one is refused anyhow. */
export const TOKENS_MAX = 8;

/** Difference of clocks that is let pass for `exp` and `nbf`, in seconds. Source: Envoy's default. */
export const CLOCK_SKEW_SECONDS = 60;

/** Longest realm in `www-authenticate`, in characters. Source: Envoy. */
export const REALM_LENGTH_MAX = 256;
