import { type Http1Error, refusal } from "./errors.ts";
import { allIn, TOKEN } from "./octets.ts";
import type { ReceivedFields } from "./received_fields.ts";

/** How the body of a message is delimited (RFC 9112, section 6.3). */
export type Framing =
  | { readonly by: "nothing" }
  | { readonly by: "length"; readonly octets: number }
  | { readonly by: "chunks" }
  /** By the end of the sender's half of the connection. */
  | { readonly by: "close" };

export const NO_BODY: Framing = { by: "nothing" };
export const CHUNKS: Framing = { by: "chunks" };
export const UNTIL_CLOSE: Framing = { by: "close" };

/** The framing of that many octets. */
function lengthFraming(octets: number): Framing {
  return octets === 0 ? NO_BODY : { by: "length", octets };
}

/** What decides the framing of a received message besides its fields. */
export type FramedMessage =
  | { readonly role: "request"; readonly http10: boolean }
  | {
    readonly role: "response";
    readonly http10: boolean;
    readonly status: number;
    /** The request's. */
    readonly method: string;
  };

/**
 * Finds how the body of a received message is delimited. What leaves room for
 * two readings is refused, so that nobody behind us can take the other one.
 *
 * @throws {Http1Error} 400, or 501 for a coding of a request other than chunked.
 */
export function framingOf(
  message: FramedMessage,
  fields: ReceivedFields,
): Framing {
  const { transferEncoding, contentLength } = fields;
  if (transferEncoding !== undefined) {
    checkTransferEncoding(transferEncoding, message.http10, contentLength);
  }
  const given = transferEncoding !== undefined
    ? CHUNKS
    : contentLength === undefined
    ? undefined
    : lengthFraming(contentLength);
  if (message.role === "request") return given ?? NO_BODY;
  return isBodiless(message.method, message.status, given)
    ? NO_BODY
    : given ?? UNTIL_CLOSE;
}

function checkTransferEncoding(
  value: string,
  http10: boolean,
  contentLength: number | undefined,
): void {
  if (http10) throw refusal(400, "transfer-encoding in HTTP/1.0");
  if (contentLength !== undefined) {
    throw refusal(400, "content-length and transfer-encoding");
  }
  if (value !== "chunked") throw badTransferEncoding(value);
}

function badTransferEncoding(value: string): Http1Error {
  const codings = value.split(/[ \t]*,[ \t]*/);
  const chunkedLast = codings.indexOf("chunked") === codings.length - 1;
  const tokens = codings.every((coding) =>
    coding !== "" && allIn(TOKEN, coding)
  );
  // Well-formed, but we do not decode it (RFC 9112, section 6.1).
  const status = chunkedLast && tokens ? 501 : 400;
  return refusal(status, `transfer-encoding ${JSON.stringify(value)}`);
}

/** Whether a response has no content whatever its fields say. */
export function hasNoContent(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 304 || status < 200;
}

/** @throws {Http1Error} when one that cannot have content announces some. */
function isBodiless(
  method: string,
  status: number,
  given: Framing | undefined,
): boolean {
  if (!hasNoContent(method, status)) return false;
  const announces = given !== undefined && given.by !== "nothing";
  if (announces && (status < 200 || status === 204)) {
    throw refusal(502, `body announced with status ${status}`);
  }
  return true;
}
