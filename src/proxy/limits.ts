/** Named limits of one connection's way through the proxy. */

/** Wait for the pod's own workload record. As in ztunnel. */
export const WORKLOAD_WAIT_MS = 5_000;

/** Wait for the addresses of a name that a connection goes to. Own choice: the resolver's own may be 30 s. */
export const RESOLVE_WAIT_MS = 5_000;

/** Wait for a certificate that is being issued. Own choice; ztunnel has none. */
export const CERTIFICATE_WAIT_MS = 15_000;

/** Open connections of one pod in one worker; more are refused. Own choice. */
export const CONNECTIONS_PER_POD_MAX = 32_768;

/** Streams that one inbound tunnel may have open. As in ztunnel. */
export const INBOUND_STREAMS_MAX = 200;

/** Size of a request's header list on an inbound tunnel. As in ztunnel. */
export const INBOUND_HEADER_LIST_MAX = 65_536;

/** Size of a response's header list on an outbound tunnel. As in ztunnel. */
export const OUTBOUND_HEADER_LIST_MAX = 16_384;

/** Tries of one tunnel stream: the first, and two after peers that went away. */
export const TUNNEL_ATTEMPTS_MAX = 3;
