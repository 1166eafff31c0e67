/** Gateways whose objects are read or applied at the same time. Default 8: one that is slow holds up no more than its lane. */
export const GATEWAYS_AT_ONCE = 8;

/** Longest time after which what was applied is applied again, in milliseconds; a write of the same changes nothing. Default 600_000. */
export const REAPPLY_MS = 600_000;

/** Times in a row that a right must be refused before it is said to be missing; half a minute by the delays between. */
export const DENIALS_TO_BELIEVE = 6;
