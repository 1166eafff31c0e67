/** What a plugin may fail with, by the CNI specification's numbers. */
import { HairpinError } from "../../base/errors.ts";

/** @see CNI specification 1.1.0, "Error" */
export const CNI_CODES = {
  incompatibleVersion: 1,
  invalidEnvironment: 4,
  ioFailure: 5,
  cannotDecode: 6,
  invalidConfig: 7,
  tryAgainLater: 11,
  /** STATUS: ADD cannot be served. */
  notAvailable: 50,
  /** The first number that a plugin may give a meaning of its own. */
  internal: 100,
} as const;

export type CniCode = typeof CNI_CODES[keyof typeof CNI_CODES];

/** A failed command of the container runtime. */
export class CniError extends HairpinError {
  readonly code = "PROTOCOL";

  constructor(readonly cniCode: CniCode, message: string) {
    super(message);
  }
}
