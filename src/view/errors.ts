import { HairpinError } from "../base/errors.ts";

/** A dump cannot be read, or does not hold what was asked for. */
export class DumpError extends HairpinError {
  readonly code = "CONFIG";
}
