import { HairpinError } from "../base/errors.ts";
import type { HeaderList } from "../wire/h2/mod.ts";
import type { MessageStream } from "./message_stream.ts";
import { joined } from "../base/octets.ts";

/** A response, whole. */
export interface WholeResponse {
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  /** Empty when there are none. */
  readonly trailers: HeaderList;
}

/** A response that did not come, or not as a whole. */
export class ResponseError extends HairpinError {
  readonly code = "PROTOCOL";

  constructor(why: string, cause?: unknown) {
    super(`Cannot read a response: ${why}`, { cause });
  }
}

/**
 * Reads the response to a request that has been sent.
 *
 * @param sizeMax Octets of a body; a larger one resets the stream.
 * @throws {ResponseError} when it is cut short or too large; its `cause` is
 * what the stream was closed with.
 */
export function readResponse(
  stream: MessageStream,
  sizeMax: number,
): Promise<WholeResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<WholeResponse>();
  const chunks: Uint8Array[] = [];
  let headers: HeaderList | undefined;
  let trailers: HeaderList = [];
  let left = sizeMax;
  stream.attach({
    onHeaders(list, kind) {
      if (kind === "response") headers = list;
      else if (kind === "trailers") trailers = list;
    },
    onData(octets) {
      left -= octets.length;
      if (left >= 0) return void chunks.push(octets.slice());
      reject(new ResponseError(`over ${sizeMax} octets`));
      stream.reset();
    },
    onEnd() {
      if (headers === undefined) return;
      resolve({ headers, body: joined(chunks), trailers });
    },
    onDrain() {},
    onClose: (error) =>
      reject(new ResponseError(error?.message ?? "closed early", error)),
  });
  return promise;
}
