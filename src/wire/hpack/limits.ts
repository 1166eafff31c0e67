/**
 * Largest dynamic table that a peer's encoder may use here, in octets as
 * RFC 7541, section 4.1 counts them. 4_096: the value that holds before any
 * SETTINGS frame (RFC 9113, section 6.5.2), and ztunnel's.
 */
export const DECODER_TABLE_SIZE_MAX = 4_096;

/**
 * Largest dynamic table that our encoder keeps, however much the peer offers.
 * 4_096: the default of RFC 9113, section 6.5.2; more memory a connection buys
 * little for the few fields that a mesh repeats.
 */
export const ENCODER_TABLE_SIZE_MAX = 4_096;

/**
 * Octets of one integer, its prefix included. 5 octets hold any value below
 * 2^28, far above every other limit here (RFC 7541, section 5.1 asks for one).
 */
export const INTEGER_OCTETS_MAX = 5;

/** What each table entry costs besides its octets (RFC 7541, section 4.1). */
export const ENTRY_OVERHEAD = 32;

/**
 * Dynamic table size updates at the start of one block: a decrease and the
 * final size (RFC 7541, section 4.2).
 */
export const SIZE_UPDATES_MAX = 2;
