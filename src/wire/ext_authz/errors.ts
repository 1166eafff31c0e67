import { HairpinError } from "../../base/errors.ts";

/** An answer that is no CheckResponse, or one that cannot be carried out. */
export class CheckResponseError extends HairpinError {
  readonly code = "PROTOCOL";

  constructor(why: string, cause?: unknown) {
    super(`Cannot read an authorizer's answer: ${why}`, { cause });
  }
}
