/** Named limits of DNS in pods. */

/** Queries of one pod in one worker that are being answered; more get SERVFAIL. Own choice. */
export const QUERIES_PER_POD_MAX = 4_096;

/**
 * Those of them that wait for upstreams, with a socket each; more get SERVFAIL,
 * while names of the mesh are still answered. Own choice.
 */
export const FORWARDS_PER_POD_MAX = 512;

/** Connections of one pod in one worker; more are refused. Own choice. */
export const TCP_CONNECTIONS_PER_POD_MAX = 128;

/** Queries of one connection that are being answered; the rest waits unread. Own choice. */
export const QUERIES_PER_CONNECTION_MAX = 16;

/** How long a connection may be without a whole query, or with answers unread. As in ztunnel. */
export const TCP_IDLE_MS = 5_000;

/** Wait for an upstream before the next one is asked too, unless resolv.conf says. Own choice. */
export const TRY_MS = 2_000;

/** Rounds over the upstreams, unless resolv.conf says. As in glibc. */
export const ATTEMPTS = 2;

/** From a query's forwarding to its last hope. Own choice; most clients have gone by then. */
export const FORWARD_MS = 10_000;

/** Connect of a forwarded query that goes over TCP. As in ztunnel. */
export const TCP_CONNECT_MS = 5_000;

/** Datagrams that answer something else before an upstream is given up: somebody is guessing. */
export const STRAY_REPLIES_MAX = 64;

/** How old what was read of resolv.conf may be. As in glibc's spirit, which looks each time. */
export const RESOLV_CONF_AGE_MS = 5_000;
