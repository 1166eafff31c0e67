import { HairpinError } from "../../base/errors.ts";

/** A resource that cannot be taken; the message says why and is sent back. */
export class XdsResourceError extends HairpinError {
  readonly code = "PROTOCOL";
}
