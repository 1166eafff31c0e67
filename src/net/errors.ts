import { HairpinError } from "../base/errors.ts";

/** Why a connection could not be opened. */
export type DialFailure = "refused" | "timeout" | "aborted" | "failed";

/** A TCP connection that could not be opened. */
export class DialError extends HairpinError {
  readonly code = "DIAL";

  /** @param detail The system's words, such as `Connection refused (os error 111)`. */
  constructor(
    readonly to: string,
    readonly why: DialFailure,
    readonly detail: string,
  ) {
    super(`Cannot connect to "${to}": ${detail}`);
  }
}

/** A listener that could not be opened. */
export class BindError extends HairpinError {
  readonly code = "BIND";

  constructor(readonly address: string, detail: string) {
    super(`failed to bind to address ${address}: ${detail}`);
  }
}

/** A peer that does not prove who it should be, or no certificate of our own. */
export class IdentityError extends HairpinError {
  readonly code = "IDENTITY";

  constructor(message: string, readonly whose: "peer" | "own" = "peer") {
    super(message);
  }
}

/** A tunnel that was ended because its peer's certificate is on a revocation list. */
export class RevokedError extends HairpinError {
  readonly code = "IDENTITY";

  constructor() {
    super("connection closed: peer certificate revoked by CRL");
  }
}

/** A tunnel that could not be made or did not answer as HBONE says. */
export class TunnelError extends HairpinError {
  readonly code = "PROTOCOL";

  /** @param stage What was being waited for when it failed. */
  constructor(
    readonly stage: "tls" | "http2" | "connect",
    message: string,
    /** Status of the CONNECT response, when there was one. */
    readonly status?: number,
  ) {
    super(message);
  }
}
