import { HairpinError } from "../../base/errors.ts";

/**
 * What a peer is told: the refusal of a request (RFC 9110, section 15.5 and
 * 15.6), or 502 for a response that cannot be passed on.
 */
export type ErrorStatus = 400 | 413 | 414 | 417 | 426 | 431 | 501 | 502 | 505;

/**
 * A message that is refused, received or to be sent.
 *
 * As the error of a connection, `status` is what the peer was told (server), or
 * what the peer of the proxy has to be told (client: always 502).
 */
export class Http1Error extends HairpinError {
  readonly code = "PROTOCOL";

  constructor(
    readonly status: ErrorStatus,
    /** What was found, without the status. */
    readonly found: string,
    action: "read" | "send" = "read",
  ) {
    super(`Cannot ${action} HTTP/1.1 message: ${found} (${status})`);
  }
}

/** The error of a received message that cannot be accepted. */
export function refusal(status: ErrorStatus, found: string): Http1Error {
  return new Http1Error(status, found);
}

/** The error of a header list or body that cannot be written as it is. */
export function unsendable(status: 400 | 502, found: string): Http1Error {
  return new Http1Error(status, found, "send");
}
