/** How long a watch for readable sockets sleeps before it looks again. */
export const READABLE_WATCH_MS = 1_000;

/** Datagrams read from one socket before others get their turn. Own choice. */
export const DATAGRAMS_PER_TURN_MAX = 64;
