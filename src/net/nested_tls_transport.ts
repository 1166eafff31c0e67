import type { TLSSocket } from "node:tls";
import { LINGER_MS, WRITE_QUEUE_MAX } from "./limits.ts";
import { joinedIfSmall } from "./octets.ts";
import type { Transport, TransportReceiver } from "./transport.ts";

/** A TLS connection over what a tunnel carries, by the runtime's own streams. */
export class NestedTlsTransport implements Transport {
  readonly #socket: TLSSocket;

  /** @param socket Secure; owned from here on. */
  constructor(socket: TLSSocket) {
    this.#socket = socket;
    // Chunks that wait would be copied into one for it, which costs more than
    // to write them one by one.
    Object.assign(socket, { _writev: null });
  }

  attach(receiver: TransportReceiver): void {
    const socket = this.#socket;
    let error: Error | undefined;
    // Memory that is used again still holds what the outer one is reading.
    socket.on("data", (octets: Uint8Array) => receiver.onData(octets));
    socket.on("drain", () => receiver.onDrain());
    socket.on("error", (reason: Error) => {
      error = reason;
      // For a record that nobody can open, the runtime does not close it itself.
      socket.destroy();
    });
    socket.on("end", () => receiver.onEnd());
    socket.on("close", () => receiver.onClose(error));
  }

  write(chunks: readonly Uint8Array[], onWritten?: () => void): boolean {
    const socket = this.#socket;
    if (socket.destroyed) return true;
    const output = joinedIfSmall(chunks);
    if (output !== chunks) onWritten?.();
    const last = output.length - 1;
    for (const [i, chunk] of output.entries()) {
      if (i < last || output !== chunks) socket.write(chunk);
      else socket.write(chunk, (error) => error ? undefined : onWritten?.());
    }
    // The runtime's own mark is 16 KiB: to stop there would be to wait for
    // every write before the next one is begun.
    return socket.writableLength < WRITE_QUEUE_MAX;
  }

  end(): void {
    this.#socket.end();
  }

  finish(): void {
    const socket = this.#socket;
    socket.end();
    // Closed with octets unread, or some still coming, what carries it would
    // be reset, and what the peer has not got yet would be dropped.
    socket.resume();
    let left = Infinity;
    const timer = setInterval(() => {
      if (socket.writableLength >= left) socket.destroy();
      left = socket.writableLength;
    }, LINGER_MS);
    socket.on("close", () => clearInterval(timer));
    if (socket.destroyed) clearInterval(timer);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
