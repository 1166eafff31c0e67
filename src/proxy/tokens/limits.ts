/** Keys tried for one token. Default 16: only a token without `kid` can fit several, and each try costs 0.3 ms. */
export const KEYS_TRIED_MAX = 16;

/** Verified tokens remembered for one key set. Default 1_000, about 100 KB; the oldest goes first. */
export const VERIFIED_TOKENS_MAX = 1_000;
