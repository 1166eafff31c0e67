/** From a connection's accept to its whole request. Own choice; ztunnel has none. */
export const NEGOTIATION_MS = 10_000;
