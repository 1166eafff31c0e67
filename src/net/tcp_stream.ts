import type { Socket } from "node:net";
import type { ByteReceiver, ByteStream } from "./byte_stream.ts";
import { SocketWriter } from "./socket_writer.ts";

/** A TCP socket as a {@link ByteStream}; it owns the socket. */
export class TcpStream implements ByteStream {
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  #receiver: ByteReceiver | undefined;
  #error: Error | undefined;

  /** @param socket made with `allowHalfOpen`, not yet read from or written to. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#writer = new SocketWriter(socket, () => this.#receiver?.onDrain());
    socket.on("error", (error: Error) => this.#error = error);
  }

  attach(receiver: ByteReceiver): void {
    this.#receiver = receiver;
    const socket = this.#socket;
    const onEnd = () => receiver.onEnd();
    const onClose = () => receiver.onClose(this.#error);
    // An end without octets, and a close, may have been said by now.
    if (socket.readableEnded) queueMicrotask(onEnd);
    else socket.on("end", onEnd);
    if (socket.closed) queueMicrotask(onClose);
    else socket.on("close", onClose);
    socket.on("data", (octets: Uint8Array) => receiver.onData(octets));
  }

  write(octets: Uint8Array): boolean {
    return this.#writer.write(octets);
  }

  end(): void {
    this.#writer.end();
  }

  reset(): void {
    this.#writer.close(); // the kernel resets when the last descriptor closes
    if (!this.#socket.destroyed) this.#socket.resetAndDestroy();
  }

  dismiss(): void {
    this.#writer.end(() => this.#socket.destroy());
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
