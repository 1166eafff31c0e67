import { HairpinError } from "../../base/errors.ts";

/** A file of the container runtime to which no plugin can be added. */
export class NotAListError extends HairpinError {
  readonly code = "CONFIG";

  constructor(readonly path: string, why: string) {
    super(`Cannot add the plugin to "${path}": ${why}`);
  }
}
