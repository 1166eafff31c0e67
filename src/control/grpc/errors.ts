import { HairpinError } from "../../base/errors.ts";

/** A server of the control plane that cannot be asked, or a call that failed. */
export class ControlPlaneError extends HairpinError {
  readonly code = "API";
}
