/** Named limits of DNS messages. */

/** Largest message, in octets: its length goes in 16 bits. RFC 1035, section 4.2.2. */
export const MESSAGE_MAX = 65_535;

/** What every client takes over UDP. RFC 1035, section 4.2.1. */
export const UDP_PAYLOAD_MIN = 512;

/**
 * Largest answer of our own over UDP, however much more the client would take.
 * RFC 6891, section 6.2.5 proposes it.
 */
export const UDP_PAYLOAD_MAX = 4_096;

/** Octets of a name on the wire. RFC 1035, section 2.3.4. */
export const NAME_MAX = 255;

/** Octets of one label. */
export const LABEL_MAX = 63;

/** Life of the mesh's own records, in seconds. As in ztunnel. */
export const TTL_SECONDS = 30;
