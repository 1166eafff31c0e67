import { HairpinError } from "../../base/errors.ts";

/** The agent does not keep to the protocol; there is no going on with it. */
export class ZdsViolation extends HairpinError {
  readonly code = "AGENT";
}

/** A packet that cannot be answered in earnest; the connection is given up. */
export class ReadError extends HairpinError {
  readonly code = "AGENT";
}

/** A pod that cannot be served yet; the connection goes on. */
export class StartError extends HairpinError {
  readonly code = "AGENT";
}

/** The agent could not be greeted. */
export class AnnounceError extends HairpinError {
  readonly code = "AGENT";
}
