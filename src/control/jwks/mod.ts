/** Keys of token issuers: fetched in the background, held for verification. */
export { KeyCache } from "./key_cache.ts";
export type { KeyFetching } from "./followed_source.ts";
export { type Fetch, KeyFetchError } from "./fetch_keys.ts";
