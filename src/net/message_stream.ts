import type { HeaderList } from "../wire/h2/mod.ts";
import type { ByteReceiver, ByteStream } from "./byte_stream.ts";

/** Header lists that may follow a request. */
export type AnswerKind = "response" | "informational" | "trailers";

/**
 * One HTTP message each way, whatever version carries it: a {@link ByteStream}
 * whose octets are the body, with header lists around them.
 */
export interface MessageStream extends ByteStream {
  attach(receiver: MessageReceiver): void;
  /** Sends an informational or final response; octets may follow unless `end`. */
  sendHeaders(headers: HeaderList, end: boolean): void;
  /** As `end`, with trailers. */
  endWith(trailers: HeaderList): void;
}

export interface MessageReceiver extends ByteReceiver {
  /**
   * Absent where only octets matter, as in a tunnel.
   *
   * @param end Nothing follows but `onEnd`: a response of headers alone, or trailers.
   */
  onHeaders?(headers: HeaderList, kind: AnswerKind, end: boolean): void;
}
