/**
 * What a relay needs of a connection, whatever carries it: a TCP socket or an
 * HTTP/2 stream. Each half ends for itself.
 */
export interface ByteStream {
  /** Sets the receiver and starts reading. Called once. */
  attach(receiver: ByteReceiver): void;
  /**
   * Sends octets, and keeps a copy of what has to wait.
   *
   * @returns false when the caller should pause until `onDrain`. Once it was
   *   said, every write says so until then: `onDrain` is owed.
   */
  write(octets: Uint8Array): boolean;
  /** Ends the write half once everything queued is out; reading goes on. */
  end(): void;
  /**
   * Drops the connection at once, so that the peer sees a reset.
   *
   * @param passedOn Whether it was reset elsewhere, and not broken off by us:
   *   where the two can be told apart, the peer is told. Default false.
   */
  reset(passedOn?: boolean): void;
  /**
   * Lets go once everything queued is out and our half has ended: the peer gets
   * all of it, and nothing more is taken from it.
   */
  dismiss(): void;
  pause(): void;
  resume(): void;
}

/** Told what a {@link ByteStream} does, in order. */
export interface ByteReceiver {
  /** `octets` are good until it returns: whoever keeps them copies them. */
  onData(octets: Uint8Array): void;
  /** The peer ended its half. */
  onEnd(): void;
  /** There is room again after `write` said no. */
  onDrain(): void;
  /** Both halves are gone. The last call; `error` when it was not in good order. */
  onClose(error: Error | undefined): void;
}
