import type { HeaderList } from "../hpack/mod.ts";
import type { Http1Error } from "./errors.ts";

declare const brand: unique symbol;

/** One request and its answer on a connection: 1, 2, 3 and so on. */
export type ExchangeId = number & { readonly [brand]: "ExchangeId" };

/** Which part of a message it is (RFC 9110, section 6). */
export type HeadersKind =
  | "request"
  | "response"
  | "informational"
  | "trailers";

/**
 * Why an exchange is gone before its end.
 *
 * - `refused`: the peer broke the protocol. A server has answered it, where no
 *   answer had begun.
 * - `truncated`: the peer ended its half in the middle of a message.
 * - `unanswered`: no octet of a response came; a client may repeat elsewhere
 *   what may be repeated at all (RFC 9110, section 9.2.2).
 * - `unsendable`: what we were given to send broke its own framing.
 * - `lost`: terminate(), after a response had begun or at a server.
 */
export type ResetReason =
  | "refused"
  | "truncated"
  | "unanswered"
  | "unsendable"
  | "lost";

/**
 * How to close the transport once the output is written: `close` in good order,
 * `abort` with a reset, since the peer would take a good end for the end of a
 * body that was cut off.
 */
export type CloseKind = "close" | "abort";

/**
 * What a connection tells its application, always from inside a call of
 * receive() or end(), or of the method that caused it. A handler may call any
 * method but those two.
 */
export interface Http1Handlers {
  /**
   * A valid head or trailer section came, in HTTP/2's form: pseudo-header
   * fields first, names in lower case, nothing that speaks of the connection,
   * `host` only as `:authority`. A `te` field says `trailers` and nothing else.
   *
   * A request with an `upgrade` field may be answered by 101: from then on, as
   * after 2xx to CONNECT, onData and sendData() carry an opaque stream of
   * octets, each half with an end of its own, whatever `end` said.
   *
   * @param end The message is complete.
   */
  onHeaders(
    exchange: ExchangeId,
    headers: HeaderList,
    kind: HeadersKind,
    end: boolean,
  ): void;
  /**
   * Body octets came: a view into what receive() was given. All of it has to go
   * through release() in the end. Empty only with `end`.
   */
  onData(exchange: ExchangeId, octets: Uint8Array, end: boolean): void;
  /** The exchange is gone, not by the application's doing. */
  onReset(exchange: ExchangeId, reason: ResetReason): void;
  /** The output is no longer empty: write takeOutput() in this turn. */
  onOutput(): void;
  /** `paused` is no longer true: go on reading. */
  onResume(): void;
  /**
   * Our half of an upgraded connection ended: end the transport's write half
   * once the output is written; reading goes on.
   */
  onWriteEnd?(): void;
  /** The exchange ended in both directions or was reset. */
  onClosed?(exchange: ExchangeId): void;
  /**
   * Nothing more will be read or written: close the transport when the output
   * is written. Called once; not after terminate().
   *
   * @param error As receive() returned it, or will at its next call.
   */
  onFinished?(how: CloseKind, error: Http1Error | undefined): void;
}
