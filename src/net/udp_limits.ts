/** Datagrams read from one socket before others get their turn. Own choice. */
export const DATAGRAMS_PER_TURN_MAX = 64;
