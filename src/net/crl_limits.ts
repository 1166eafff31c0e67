/** Certificates of a peer's chain that are looked at. Own choice. */
export const CHAIN_LENGTH_MAX = 10;
