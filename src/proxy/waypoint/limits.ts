/** Named limits of a waypoint. */

/** Wait for the first octets on a port that declares HTTP. Own choice. */
export const SNIFF_MS = 60_000;

/**
 * The same on a port that declares nothing; then it is TCP, so that a server
 * which speaks first is heard. Own choice; Istio waits for ever.
 */
export const SNIFF_UNDECLARED_MS = 100;

/** Octets by which a connection's protocol has to show. Own choice: long request lines are rare. */
export const SNIFF_OCTETS_MAX = 4_096;

/** Idle upstream connections kept for one endpoint, in one worker. Own choice. */
export const IDLE_UPSTREAMS_MAX = 32;

/** Time after which an idle upstream connection is closed. Own choice. */
export const IDLE_UPSTREAM_MS = 60_000;

/**
 * Octets of a request's body that are read and thrown away after it has been
 * answered, so that the client reads the answer; more costs it the connection.
 */
export const DISCARD_MAX = 1_048_576;

/** Requests in progress on one HTTP/2 connection of a client. As Envoy here. */
export const CLIENT_STREAMS_MAX = 100;

/** Wait for the part of a request's body that a check carries. Own choice; Envoy has 300_000 for a stream that is idle. */
export const CHECKED_BODY_MS = 60_000;

/**
 * Octets of a request's body that are kept until a response begins, so that
 * another endpoint can be sent all of it. Own choice: most calls that are worth
 * a second attempt are far shorter.
 */
export const REPLAY_MAX = 65_536;

/** Octets of a body that may wait for a mirror; one that needs more is dropped. Own choice. */
export const MIRROR_WAITING_MAX = 1_048_576;

/** Wait for a mirror's answer after the whole request. Own choice. */
export const MIRROR_ANSWER_MS = 60_000;

/** Octets of a response's header list over HTTP/2, as HTTP/2 counts them. 64 KiB: as over HTTP/1.1. */
export const RESPONSE_HEADER_LIST_MAX = 65_536;

/** Endpoints that are tried for a connection whose octets are passed on. As for requests by default. */
export const CONNECT_ATTEMPTS_MAX = 3;
