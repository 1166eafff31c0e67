import type { Socket } from "node:net";
import type { Fd } from "../sys/libc.ts";
import type { ByteReceiver, ByteStream } from "./byte_stream.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import { closeRuntimeDescriptor } from "./descriptor.ts";
import { HALF_CLOSED_MS } from "./limits.ts";
import { readReused } from "./reused_reads.ts";
import { SocketWriter } from "./socket_writer.ts";

/** A connection that a {@link TcpStream} has given away. */
export interface ReleasedTcp {
  /** To be closed by `closeOwn()`. */
  readonly fd: Fd;
  /** What was to be written. */
  readonly unsent: readonly Uint8Array[];
  /** What was read and told to nobody. */
  readonly unread: readonly Uint8Array[];
}

/** A socket that knows its stream, so that all sockets share their listeners. */
interface OwnedSocket extends Socket {
  [STREAM]?: TcpStream;
}

const STREAM = Symbol("stream");

const halfClosed = new Deadlines(HALF_CLOSED_MS);

/** A TCP socket as a {@link ByteStream}; it owns the socket. */
export class TcpStream implements ByteStream {
  readonly #socket: OwnedSocket;
  readonly #writer: SocketWriter;
  #receiver: ByteReceiver | undefined;
  #error: Error | undefined;
  /** Runs from the peer's end to our own. */
  #halfClosed: Deadline | undefined;

  /** @param socket made with `allowHalfOpen`, not yet read from or written to. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#socket[STREAM] = this;
    this.#writer = new SocketWriter(socket, this);
    socket.on("error", TcpStream.#onError);
    socket.on("end", TcpStream.#onEnd);
    socket.on("close", TcpStream.#onClose);
  }

  attach(receiver: ByteReceiver): void {
    this.#receiver = receiver;
    const socket = this.#socket;
    // An end without octets, and a close, may have been said by now.
    if (socket.readableEnded) queueMicrotask(() => this.#end());
    if (socket.closed) queueMicrotask(() => receiver.onClose(this.#error));
    readReused(socket, receiver);
  }

  static #onError(this: OwnedSocket, error: Error): void {
    this[STREAM]!.#error = error;
  }

  static #onEnd(this: OwnedSocket): void {
    this[STREAM]!.#end();
  }

  static #onClose(this: OwnedSocket): void {
    const stream = this[STREAM]!;
    stream.#writer.close();
    stream.#halfClosed?.met();
    stream.#receiver?.onClose(stream.#error);
  }

  #end(): void {
    this.#receiver?.onEnd();
    this.#closeIfOver();
    if (this.#socket.destroyed) return;
    // The runtime reads no more: it would see a reset at the next write only.
    this.#halfClosed ??= halfClosed.start(() => this.#writer.watchPeer());
  }

  /** Called by the writer: there is room again. */
  onDrain(): void {
    this.#receiver?.onDrain();
  }

  write(octets: Uint8Array): boolean {
    return this.#writer.write(octets);
  }

  end(): void {
    this.#writer.end(() => this.#closeIfOver());
  }

  /** The runtime does not know that the write half has ended, and waits for it. */
  #closeIfOver(): void {
    const socket = this.#socket;
    if (socket.readableEnded && this.#writer.hasEnded) socket.destroy();
  }

  reset(): void {
    this.#writer.close(); // the kernel resets when the last descriptor closes
    if (!this.#socket.destroyed) this.#socket.resetAndDestroy();
  }

  dismiss(): void {
    this.#writer.end(() => this.#socket.destroy());
  }

  /** Whether {@link release} would give the connection away. */
  get isWhole(): boolean {
    const socket = this.#socket;
    return !socket.destroyed && !socket.readableEnded && this.#writer.isOpen;
  }

  /**
   * Gives the connection away, both halves of it: nothing is read or written
   * here any more, and the receiver hears of the close only, once
   * {@link dispose} says that it has come.
   *
   * @returns undefined when a half has ended.
   */
  release(): ReleasedTcp | undefined {
    if (!this.isWhole) return undefined;
    const released = this.#writer.release();
    if (released === undefined) return undefined;
    closeRuntimeDescriptor(this.#socket);
    return { ...released, unread: this.#takeUnread() };
  }

  #takeUnread(): Uint8Array[] {
    const socket = this.#socket;
    socket.removeAllListeners("data");
    socket.pause();
    const unread: Uint8Array[] = [];
    for (;;) {
      const octets: Uint8Array | null = socket.read();
      if (octets === null) return unread;
      unread.push(octets);
    }
  }

  /** Tells whoever listens to the socket that a connection given away is over. */
  dispose(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
