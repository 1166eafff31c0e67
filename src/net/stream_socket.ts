import { Duplex } from "node:stream";
import type { ByteStream } from "./byte_stream.ts";

/** A {@link ByteStream} as the runtime's TLS takes one: what TLS inside a tunnel goes over. */
export class StreamSocket extends Duplex {
  readonly #stream: ByteStream;
  /** Told when the stream has room for the next write. */
  #onRoom: (() => void) | undefined;
  #peerEnded = false;

  /** @param stream owned from here on, with no receiver yet. */
  constructor(stream: ByteStream) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    stream.attach({
      onData: (octets) => this.#receive(octets),
      onDrain: () => this.#goOn(),
      onEnd: () => {
        this.#peerEnded = true;
        this.push(null);
      },
      onClose: (error) => this.#close(error),
    });
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(
    octets: Uint8Array,
    _encoding: string,
    done: () => void,
  ): void {
    if (this.#stream.write(octets)) done();
    else this.#onRoom = done;
  }

  override _final(done: () => void): void {
    this.#stream.end();
    done();
  }

  /** In good order only when the peer has ended its half. */
  override _destroy(
    error: Error | null,
    done: (error: Error | null) => void,
  ): void {
    if (error === null && this.#peerEnded) this.#stream.dismiss();
    else this.#stream.reset();
    done(error);
  }

  #receive(octets: Uint8Array): void {
    if (this.destroyed) return;
    if (!this.push(octets.slice())) this.#stream.pause();
  }

  #goOn(): void {
    const done = this.#onRoom;
    this.#onRoom = undefined;
    done?.();
  }

  /** What was read stays to be taken when the stream has ended in good order. */
  #close(error: Error | undefined): void {
    if (error !== undefined || !this.#peerEnded) {
      this.destroy(error ?? new Error("closed by the peer"));
    }
    this.#goOn();
  }
}
