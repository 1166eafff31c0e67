import type { ByteStream } from "./byte_stream.ts";
import { LINGER_MS } from "./limits.ts";
import { joinedIfSmall } from "./octets.ts";

/** Told what a {@link Transport} does. */
export interface TransportReceiver {
  /** `octets` are good until it returns. */
  onData(octets: Uint8Array): void;
  /** There is room again after `write` said no. */
  onDrain(): void;
  /** The peer ended its half. */
  onEnd(): void;
  /** It is gone. The last call. */
  onClose(error: Error | undefined): void;
}

/** What carries a protocol whose framing is our own. */
export interface Transport {
  attach(receiver: TransportReceiver): void;
  /**
   * Writes all output of a turn at once.
   *
   * @param onWritten Called once the chunks may change; never when the connection
   * is gone before.
   * @returns false when the caller should wait for `onDrain`.
   */
  write(chunks: readonly Uint8Array[], onWritten?: () => void): boolean;
  /** Ends the write half once everything written is out; reading goes on. */
  end(): void;
  /**
   * Closes it once everything written is out and the peer has closed it too, or
   * does not move for {@link LINGER_MS}. What still comes is of no interest.
   */
  finish(): void;
  /** Drops it at once. */
  destroy(): void;
  /** Stops and goes on reading. */
  pause(): void;
  resume(): void;
}

/** A protocol inside something that carries octets itself, such as a tunnel. */
export class StreamTransport implements Transport {
  readonly #stream: ByteStream;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  #full = false;
  #finishing = false;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  attach(receiver: TransportReceiver): void {
    this.#stream.attach({
      onData: (octets) => receiver.onData(octets),
      onDrain: () => {
        this.#full = false;
        if (this.#finishing) this.#linger();
        else receiver.onDrain();
      },
      onEnd: () => receiver.onEnd(),
      onClose: (error) => {
        clearTimeout(this.#lingering);
        receiver.onClose(error);
      },
    });
  }

  write(chunks: readonly Uint8Array[], onWritten?: () => void): boolean {
    let room = true;
    for (const chunk of joinedIfSmall(chunks)) room = this.#stream.write(chunk);
    onWritten?.();
    this.#full = !room;
    return room;
  }

  end(): void {
    this.#stream.end();
  }

  finish(): void {
    this.#finishing = true;
    this.#stream.end();
    this.#stream.resume();
    if (!this.#full) this.#linger();
  }

  #linger(): void {
    // Not a reset: the far end of a tunnel may still be handing out what it has.
    this.#lingering = setTimeout(() => this.#stream.dismiss(), LINGER_MS);
  }

  /** For who is behind a tunnel it is an application that does so. */
  destroy(): void {
    this.#stream.reset(true);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}
