import { HairpinError } from "../../base/errors.ts";

/** A call without a message for an answer. */
export class GrpcError extends HairpinError {
  readonly code = "PROTOCOL";

  /** @param status As the server gave it; undefined when its answer was no gRPC. */
  constructor(why: string, readonly status?: number) {
    super(`Cannot use the answer of a gRPC call: ${why}`);
  }
}
