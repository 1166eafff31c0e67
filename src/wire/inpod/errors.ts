import { HairpinError } from "../../base/errors.ts";

/** A packet that is no message of ZDS. */
export class ZdsPacketError extends HairpinError {
  readonly code = "PROTOCOL";
}
