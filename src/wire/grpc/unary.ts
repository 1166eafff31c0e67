/**
 * Calls of one message each way.
 *
 * @see gRPC over HTTP2, sections "Requests" and "Responses"
 */
import type { HeaderList } from "../../model/http.ts";
import { GrpcError } from "./errors.ts";

/** Octets before each message: whether it is compressed, and its length. */
export const PREFIX_OCTETS = 5;

/** Where a call goes. */
export interface GrpcCall {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly authority: string;
  readonly timeoutMs: number;
}

/** A response, whole. */
export interface GrpcAnswer {
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  /** Empty when there are none. */
  readonly trailers: HeaderList;
}

export const callHeaders = (
  { path, authority, timeoutMs }: GrpcCall,
): HeaderList => [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", path],
  [":authority", authority],
  ["content-type", "application/grpc"],
  ["te", "trailers"],
  ["grpc-timeout", timeoutText(timeoutMs)],
  ["grpc-accept-encoding", "identity"],
];

/** At most eight digits, so that long times are told in seconds. */
const timeoutText = (timeoutMs: number): string =>
  timeoutMs < 100_000_000
    ? `${Math.max(1, Math.floor(timeoutMs))}m`
    : `${Math.min(99_999_999, Math.floor(timeoutMs / 1_000))}S`;

/** A message with its prefix. */
export function frameMessage(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(PREFIX_OCTETS + message.length);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, PREFIX_OCTETS);
  return framed;
}

/**
 * The one message of an answer.
 *
 * @throws {GrpcError} when the call failed, or there is no such message.
 */
export function messageOfAnswer(answer: GrpcAnswer): Uint8Array {
  const { headers, body, trailers } = answer;
  const httpStatus = valueOf(headers, ":status");
  if (httpStatus !== "200") throw new GrpcError(`HTTP status ${httpStatus}`);
  if (!/^application\/grpc($|[+;])/.test(valueOf(headers, "content-type"))) {
    throw new GrpcError("it is not gRPC");
  }
  // An answer without message has its status among the headers.
  refuseFailure(trailers.length === 0 ? headers : trailers);
  return unframed(body);
}

function refuseFailure(list: HeaderList): void {
  const text = valueOf(list, "grpc-status");
  if (!/^\d{1,9}$/.test(text)) throw new GrpcError("it has no grpc-status");
  const status = Number(text);
  if (status === 0) return;
  const message = decoded(valueOf(list, "grpc-message"));
  throw new GrpcError(
    `status ${status}${message === "" ? "" : `, ${message}`}`,
    status,
  );
}

function unframed(body: Uint8Array): Uint8Array {
  if (body.length < PREFIX_OCTETS) throw new GrpcError("it has no message");
  const view = new DataView(body.buffer, body.byteOffset);
  if (view.getUint8(0) !== 0) throw new GrpcError("its message is compressed");
  const message = body.subarray(PREFIX_OCTETS);
  if (view.getUint32(1) !== message.length) {
    throw new GrpcError("it is not one whole message");
  }
  return message;
}

const valueOf = (headers: HeaderList, name: string): string =>
  headers.find(([key]) => key === name)?.[1] ?? "";

/** A server's text, on one line and no longer than a line. */
function decoded(text: string): string {
  const plain = percentDecoded(text.slice(0, MESSAGE_EXCERPT_MAX));
  return plain.replaceAll(/\p{Cc}+/gu, " ");
}

const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Longest part of a `grpc-message` that is told, in characters. */
const MESSAGE_EXCERPT_MAX = 200;
