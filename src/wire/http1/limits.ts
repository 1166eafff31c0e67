/**
 * Octets of a request line or status line without its line end; above it a
 * request is refused with 414. 16 KiB: twice the least that RFC 9112, section 3
 * wants to see supported.
 */
export const START_LINE_OCTETS_MAX = 16_384;

/**
 * Octets of one field line without its line end; above it 431. 32 KiB: room for
 * the largest cookies and tokens seen, half of a head.
 */
export const FIELD_LINE_OCTETS_MAX = 32_768;

/** Octets of a whole head, line ends counted; above it 431. 64 KiB: as HTTP/2. */
export const HEAD_OCTETS_MAX = 65_536;

/** Field lines of a head; above it 431. 100: what Envoy takes. */
export const FIELDS_MAX = 100;

/** Octets of a trailer section; above it 431. 16 KiB: trailers are a few sums. */
export const TRAILERS_OCTETS_MAX = 16_384;

/** Field lines of a trailer section; above it 431. */
export const TRAILER_FIELDS_MAX = 32;

/** Digits of a Content-Length; above it 413. 15: below 2^53 whatever they are. */
export const CONTENT_LENGTH_DIGITS_MAX = 15;

/** Hexadecimal digits of a chunk size; above it 413. 12: 256 TiB. */
export const CHUNK_SIZE_DIGITS_MAX = 12;

/**
 * Octets of all chunk extensions of one message; above it 400. 16 KiB: nothing
 * uses them, and without a sum they are a way to send heads without end.
 */
export const CHUNK_EXTENSION_OCTETS_MAX = 16_384;

/** Octets of a method; above it 501. 32: twice the longest registered one. */
export const METHOD_OCTETS_MAX = 32;

/** Names and protocols of one list field that we read (Connection, Upgrade). */
export const LIST_ITEMS_MAX = 32;

/** Responses of status 1xx before the final one. 16: as HTTP/2. */
export const INFORMATIONAL_RESPONSES_MAX = 16;

/**
 * Octets of bodies handed out and not released before a connection asks its
 * edge to stop reading. 1 MiB: Envoy's buffer of a connection.
 */
export const RECEIVE_WINDOW = 1024 * 1024;

/**
 * Octets that wait for an exchange before them to end; above it the connection
 * is given up. Its edge is asked to stop at the first one, so this is room for
 * what it had read already.
 */
export const BACKLOG_OCTETS_MAX = 4 * 1024 * 1024;

/**
 * Octets that wait to be written before a connection asks its edge to stop
 * reading: a peer that asks and does not read gets no more answers.
 */
export const OUTPUT_WAITING_MAX = 256 * 1024;

/**
 * Body octets up to this length are copied next to their framing: one short
 * copy is cheaper than one more chunk to write. As HTTP/2.
 */
export const DATA_COPY_MAX = 1_024;

/** Octets of the buffer in which heads and framing are gathered. */
export const SCRATCH_OCTETS = 16_384;
