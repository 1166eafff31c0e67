/** Longest text of all `baggage` headers together, in characters: W3C Baggage, section 3.3.2. */
export const BAGGAGE_TEXT_MAX = 8192;

/** Most list members: W3C Baggage, section 3.3.2. */
export const BAGGAGE_MEMBERS_MAX = 64;

/** Longest value, in characters; a Kubernetes name has 253 at most. It ends up in metric labels. */
export const BAGGAGE_VALUE_MAX = 256;

/** Longest `forwarded` header, in characters: a host name of 253, an address, and room. */
export const FORWARDED_TEXT_MAX = 512;
