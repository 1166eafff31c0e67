/** How large a route may be. Source of all: the Gateway API's resource definitions, if nothing else is said. */

export const PARENT_REFS_MAX = 32;
export const RULES_MAX = 16;
export const MATCHES_PER_RULE_MAX = 64;
export const MATCHES_PER_ROUTE_MAX = 128;
export const HEADER_MATCHES_MAX = 16;
export const QUERY_MATCHES_MAX = 16;
export const FILTERS_MAX = 16;
export const BACKEND_REFS_MAX = 16;
export const HOSTNAMES_MAX = 16;
/** Entries of `set`, `add` and `remove` each. */
export const HEADER_CHANGES_MAX = 16;
export const CORS_ENTRIES_MAX = 64;

/** In characters. */
export const PATH_LENGTH_MAX = 1_024;
export const HEADER_NAME_LENGTH_MAX = 256;
export const HEADER_VALUE_LENGTH_MAX = 4_096;
export const QUERY_VALUE_LENGTH_MAX = 1_024;
export const RULE_NAME_LENGTH_MAX = 253;

export const WEIGHT_MAX = 1_000_000;

/** Most statuses that a retry names: all from 400 to 599. */
export const RETRY_CODES_MAX = 200;

/** Most attempts after the first. Default 10: more only multiplies a failing service's load; the API has no limit. */
export const RETRY_ATTEMPTS_MAX = 10;
