/** Longest dump that is read, in octets. Own choice: some times that of 10,000 workloads. */
export const DUMP_OCTETS_MAX = 256 * 1024 * 1024;

/** Longest cell of a table, in characters; the rest is left out. Own choice. */
export const CELL_LENGTH_MAX = 256;
