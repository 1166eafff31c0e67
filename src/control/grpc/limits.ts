/** TCP, TLS and the HTTP/2 preface of a connection, together. Own choice. */
export const CONNECT_MS = 10_000;

/**
 * Between two PINGs. istiod ends connections that ping more often than every
 * 15 seconds. Own choice.
 */
export const PING_INTERVAL_MS = 30_000;

/** Wait for the answer to a PING, as for tunnels. */
export const PING_TIMEOUT_MS = 20_000;

/** Largest token file that is read, in octets: such tokens have 1 to 2 KiB. */
export const TOKEN_OCTETS_MAX = 64 * 1024;

/** Largest file of roots that is read, in octets: some hundred certificates. */
export const ROOTS_OCTETS_MAX = 1024 * 1024;

/** Longest text of a server's error that is passed on, in characters. */
export const ERROR_TEXT_MAX = 1_000;
