/** Longest host name and object name, in characters. Source: RFC 1123, RFC 1035 section 2.3.4. */
export const HOST_NAME_LENGTH_MAX = 253;

/** Longest single label of a host name, in characters. Source: RFC 1035 section 2.3.4. */
export const LABEL_LENGTH_MAX = 63;

/** Deepest nesting of one object. Default 64: the deepest known kind, a Pod, needs about 12. */
export const OBJECT_DEPTH_MAX = 64;

/** Rules in one AuthorizationPolicy. Source: the limit of Istio's own resource definition. */
export const POLICY_RULES_MAX = 512;

/** Targets of one policy. Source: the limit of Istio's own resource definition. */
export const POLICY_TARGETS_MAX = 16;

/** Values of one service account list. Source: the limit of Istio's own resource definition. */
export const SERVICE_ACCOUNTS_MAX = 16;

/** Length of one service account value, in characters. Source: Istio's own resource definition. */
export const SERVICE_ACCOUNT_LENGTH_MAX = 320;

/** Problems reported for one object; a thousand lines help nobody more than the first few. */
export const PROBLEMS_MAX = 20;

/** Longest excerpt of a bad value in a message, in characters. */
export const VALUE_EXCERPT_MAX = 80;

/** Extension providers of a mesh; a mesh has a handful, and each is checked on every change. */
export const EXTENSION_PROVIDERS_MAX = 256;
