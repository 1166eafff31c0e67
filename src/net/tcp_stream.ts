import type { Socket } from "node:net";
import type { Fd } from "../sys/libc.ts";
import type { ByteReceiver } from "./byte_stream.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import { closeRuntimeDescriptor, ownDescriptor } from "./descriptor.ts";
import { HALF_CLOSED_MS } from "./limits.ts";
import type { ReleasableStream, ReleasedTcp } from "./releasable_stream.ts";
import { readReused } from "./reused_reads.ts";
import { toSocketError } from "./socket_error.ts";
import { SocketWriter, type WriterOwner } from "./socket_writer.ts";

/** A socket that knows its stream, so that all sockets share their listeners. */
interface OwnedSocket extends Socket {
  [STREAM]?: TcpStream;
}

const STREAM = Symbol("stream");

const halfClosed = new Deadlines(HALF_CLOSED_MS);

/** A TCP socket of the runtime's as a stream; it owns the socket. */
export class TcpStream implements ReleasableStream, WriterOwner {
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
    this.#writer = new SocketWriter(this);
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

  /** Called by the writer: the connection is no more. */
  onBroken(reason: unknown): void {
    const error = reason === undefined ? undefined : toSocketError(reason);
    this.#socket.destroy(error);
  }

  /** Called by the writer: undefined when "close" is about to be said. */
  ownDescriptor(): Fd | undefined {
    return ownDescriptor(this.#socket);
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

  get isWhole(): boolean {
    const socket = this.#socket;
    return !socket.destroyed && !socket.readableEnded && this.#writer.isOpen;
  }

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
