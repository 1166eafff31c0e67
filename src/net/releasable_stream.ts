import type { Fd } from "../sys/libc.ts";
import type { ByteStream } from "./byte_stream.ts";

/** A connection that a stream has given away. */
export interface ReleasedTcp {
  /** To be closed by `closeNoted()`. */
  readonly fd: Fd;
  /** What was to be written. */
  readonly unsent: readonly Uint8Array[];
  /** What was read and told to nobody. */
  readonly unread: readonly Uint8Array[];
}

/** A TCP connection as a stream, whose octets somebody else can take over. */
export interface ReleasableStream extends ByteStream {
  /** Whether {@link release} would give the connection away. */
  readonly isWhole: boolean;
  /**
   * Gives the connection away, both halves of it: nothing is read or written
   * here any more, and the receiver hears of the close only, once
   * {@link dispose} says that it has come.
   *
   * @returns undefined when a half has ended.
   */
  release(): ReleasedTcp | undefined;
  /** Tells whoever listens to the connection that it was given away and is over. */
  dispose(): void;
}

/** Whether a stream is one that can be given away. */
export const isReleasable = (stream: ByteStream): stream is ReleasableStream =>
  "release" in stream;
