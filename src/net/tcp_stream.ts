import type { Socket } from "node:net";
import type { ByteReceiver, ByteStream } from "./byte_stream.ts";
import { WRITE_QUEUE_MAX } from "./limits.ts";

/** A TCP socket as a {@link ByteStream}; it owns the socket. */
export class TcpStream implements ByteStream {
  readonly #socket: Socket;
  #error: Error | undefined;

  /** @param socket made with `allowHalfOpen`, not yet read from. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", (error: Error) => this.#error = error);
  }

  attach(receiver: ByteReceiver): void {
    const socket = this.#socket;
    socket.on("drain", () => receiver.onDrain());
    socket.on("end", () => receiver.onEnd());
    socket.on("close", () => receiver.onClose(this.#error));
    socket.on("data", (octets: Uint8Array) => receiver.onData(octets));
    // A socket that broke before it was attached has said so already.
    if (socket.destroyed) queueMicrotask(() => receiver.onClose(this.#error));
  }

  write(octets: Uint8Array): boolean {
    this.#socket.write(octets);
    // The runtime's own mark is one read's worth; stopping there would leave
    // the kernel's buffer empty for a turn after every write.
    return this.#socket.writableLength < WRITE_QUEUE_MAX;
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    if (!this.#socket.destroyed) this.#socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
