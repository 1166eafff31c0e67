import { HairpinError } from "../../base/errors.ts";

/** A file of revocation lists that cannot be used. */
export class CrlError extends HairpinError {
  readonly code = "PROTOCOL";
}
