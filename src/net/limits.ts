/** Named limits of everything that waits or buffers on a socket. */

/** TCP connect, from the socket's making to its answer. As in ztunnel. */
export const CONNECT_MS = 10_000;

/**
 * TLS handshake, either side. ztunnel has none, and so keeps idle connections
 * to its port for ever.
 */
export const TLS_HANDSHAKE_MS = 10_000;

/** The peer's first SETTINGS frame, after TLS. Own choice. */
export const H2_PREFACE_MS = 10_000;

/**
 * The answer to a CONNECT. It covers the peer's own {@link CONNECT_MS} to the
 * application and the way there and back. Own choice; ztunnel waits for ever.
 */
export const CONNECT_RESPONSE_MS = 20_000;

/** Quiet time before an HTTP/2 PING, as in ztunnel. */
export const PING_INTERVAL_MS = 10_000;

/** Wait for the answer to a PING, as in ztunnel. */
export const PING_TIMEOUT_MS = 20_000;

/**
 * Octets that may wait in user space for one socket before its source is
 * paused: enough to keep the kernel's buffer full between two turns.
 */
export const WRITE_QUEUE_MAX = 512 * 1024;

/**
 * Octets that may wait for one tunnel before its streams are paused: what is
 * before a small stream's octets, which cannot overtake it.
 */
export const TUNNEL_QUEUE_MAX = 512 * 1024;

/**
 * Output of a tunnel in one turn past which its streams are paused until it is
 * written: no stream puts more than one read of a socket before another's.
 */
export const TURN_OUTPUT_MAX = 256 * 1024;

/**
 * Octets that wait in the kernel to be sent by a tunnel: what it took would be
 * before a small stream's octets too. Own choice.
 */
export const TUNNEL_UNSENT_MAX = 128 * 1024;

/** Octets that TLS is given before the kernel has taken those before. */
export const TLS_AHEAD_MAX = 192 * 1024;

/**
 * Octets read from a socket at once. A thread has one buffer of that size for
 * all of them.
 */
export const READ_MAX = 256 * 1024;

/** A read of that many octets shows that more will come. */
export const BULK_READ = 16_384;

/** Shorter reads of a connection before it is taken for one that lasts. */
export const READS_BEFORE_REUSE = 4;

/** Output of one turn up to this size is joined into one buffer before TLS. */
export const JOIN_MAX = 32 * 1024;

/**
 * Connections that the kernel may hold ready for accept; of more it drops the
 * first packet, which their peer repeats a second later. Own choice: ztunnel has
 * 128.
 */
export const LISTEN_BACKLOG = 1_024;

/** How long a watch of sockets sleeps before it looks whether any are left. */
export const SOCKET_WATCH_MS = 1_000;

/**
 * How long a connection whose peer has ended its half may last before it is
 * watched for a reset, which nobody would read: most are over by then, and a
 * watch costs more than all else of them. Own choice.
 */
export const HALF_CLOSED_MS = 1_000;

/** How long a peer may take to end its half of what we have closed. Own choice. */
export const LINGER_MS = 10_000;

/** From the first octet of an HTTP/1.1 request's head to its last. Own choice. */
export const HEADER_BLOCK_MS = 60_000;

/** Time over which a thread's load is told. Own choice. */
export const LOAD_WINDOW_MS = 100;

/** Share of its time in which a thread has work, past which it leaves new connections to others. */
export const THREAD_BUSY_SHARE = 0.75;
