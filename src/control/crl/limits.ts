/** Quiet time after a change before the file is read again, in milliseconds. As in ztunnel. */
export const CRL_DEBOUNCE_MS = 2_000;

/** Time after which it is read again without a sign of change. Own choice. */
export const CRL_POLL_MS = 30_000;
