import type { HeaderList } from "../hpack/mod.ts";
import type { PeerSettings } from "./settings.ts";
import type { StreamId } from "./stream.ts";

/** Which header block of a message it is (RFC 9113, section 8.1). */
export type HeadersKind =
  | "request"
  | "response"
  | "informational"
  | "trailers";

/**
 * What a connection tells its application, always from inside a call of
 * receive(), or of the method that caused it. A handler may call any method but
 * receive().
 */
export interface H2Handlers {
  /** A valid header block came. `end`: nothing more comes on this stream. */
  onHeaders(
    stream: StreamId,
    headers: HeaderList,
    kind: HeadersKind,
    end: boolean,
  ): void;
  /**
   * DATA came: a view into what receive() was given, good until this returns,
   * perhaps a part of a frame.
   * All of it has to go through release() in the end. Empty only with `end`.
   */
  onData(stream: StreamId, octets: Uint8Array, end: boolean): void;
  /**
   * The stream is gone, not by the application's doing: reset by the peer, a
   * stream error of ours, refused by the peer's GOAWAY (REFUSED_STREAM: safe to
   * repeat elsewhere), or lost with the connection. Octets of it need no
   * release().
   */
  onReset(stream: StreamId, code: number): void;
  /**
   * Octets can be sent again, after sendData() took less than it was given. In
   * this call sendData() may be cut to a fair share of the window; the rest
   * then gets its turn by another onWritable.
   */
  onWritable(stream: StreamId): void;
  /** The peer takes no new streams; those above `lastStream` are refused. */
  onGoAway(lastStream: number, code: number, debug: Uint8Array): void;
  /** The answer to ping(opaque). */
  onPong(opaque: number): void;
  /** The output is no longer empty: write takeOutput() in this turn. */
  onOutput(): void;
  /** The peer's SETTINGS are in force. */
  onSettings?(settings: PeerSettings): void;
  /** The stream ended in both directions or was reset: it counts no more. */
  onClosed?(stream: StreamId): void;
  /**
   * GOAWAY went out or came in, the last stream is closed and none can come:
   * the transport may be closed after the output is written. Called once.
   */
  onFinished?(): void;
}
