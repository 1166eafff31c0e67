/** Patience with one call; connecting included. Shorter than the manager's own. */
export const CALL_DEADLINE_MS = 20_000;

/** Certificates between a leaf and its root, at most. Own choice. */
export const CHAIN_MAX = 16;

/** Roots of one answer, at most: several authorities, each in rotation. Own choice. */
export const ROOTS_MAX = 256;
