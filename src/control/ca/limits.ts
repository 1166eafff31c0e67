/** Largest `root-cert.pem` or `ca-key.pem` read, in octets: some forty certificates. */
export const CA_FILE_MAX_OCTETS = 64 * 1024;

/** Life of a root that hairpin makes: ten years, as istiod's self-signed one. */
export const ROOT_TTL_MS = 3650 * 24 * 60 * 60 * 1000;

/** How far back a new certificate starts, for peers whose clock is behind. */
export const BACKDATE_MS = 2 * 60 * 1000;

/** Octets of randomness in a serial number; RFC 5280 allows 20 in all. */
export const SERIAL_OCTETS = 16;
