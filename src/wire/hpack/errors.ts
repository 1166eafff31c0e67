import { HairpinError } from "../../base/errors.ts";

/**
 * A header block that cannot be decoded. The two tables no longer agree after
 * it, so the connection is lost (RFC 7541, section 2.3.3; RFC 9113, section 4.3).
 */
export class HpackError extends HairpinError {
  readonly code = "PROTOCOL";

  constructor(found: string) {
    super(`Cannot decode header block: ${found}`);
  }
}
