import { HairpinError } from "../base/errors.ts";

/** Redirection that could not be written, read or removed; the message says why. */
export class RedirectError extends HairpinError {
  readonly code = "REDIRECT";
}
