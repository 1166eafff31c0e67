/** Reply codes that are used. RFC 1928, section 6. */
export const SocksReply = {
  succeeded: 0,
  generalFailure: 1,
  notAllowed: 2,
  hostUnreachable: 4,
  commandNotSupported: 7,
} as const;

/** The answer to a greeting: no authentication. */
export const METHOD_CHOSEN: Uint8Array = Uint8Array.of(5, 0);

/** The answer to a request; the address in it is none. */
export const encodeSocksReply = (code: number): Uint8Array =>
  Uint8Array.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0);
