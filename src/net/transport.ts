import type { TLSSocket } from "node:tls";
import type { ByteStream } from "./byte_stream.ts";
import { LINGER_MS, WRITE_QUEUE_MAX } from "./limits.ts";
import { joinedIfSmall } from "./octets.ts";
import { readReused } from "./reused_reads.ts";

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

export interface TlsTransportOptions {
  /** Default {@link LINGER_MS}. */
  readonly lingerMs?: number;
  /** Whether it goes over what another one carries. Default false. */
  readonly nested?: boolean;
}

/** A TLS connection. */
export class TlsTransport implements Transport {
  readonly #socket: TLSSocket;
  readonly #lingerMs: number;
  readonly #nested: boolean;

  constructor(
    socket: TLSSocket,
    { lingerMs = LINGER_MS, nested = false }: TlsTransportOptions = {},
  ) {
    this.#socket = socket;
    this.#lingerMs = lingerMs;
    this.#nested = nested;
    socket.setNoDelay(true);
    // Chunks that wait would be copied into one for it, which costs more than
    // to write them one by one.
    Object.assign(socket, { _writev: null });
  }

  attach(receiver: TransportReceiver): void {
    const socket = this.#socket;
    let error: Error | undefined;
    // Memory that is used again still holds what the outer one is reading.
    if (this.#nested) {
      socket.on("data", (octets: Uint8Array) => receiver.onData(octets));
    } else readReused(socket, receiver);
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
    // Closed with octets unread, or some still coming, the kernel would reset
    // the connection, and drop what the peer has not got yet.
    socket.resume();
    let left = Infinity;
    const timer = setInterval(() => {
      if (socket.writableLength >= left) socket.destroy();
      left = socket.writableLength;
    }, this.#lingerMs);
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
