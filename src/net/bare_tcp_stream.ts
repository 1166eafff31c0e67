import { type Fd, SyscallError } from "../sys/libc.ts";
import { resetOnClose } from "../sys/tcp_state.ts";
import type { ByteReceiver } from "./byte_stream.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import { HALF_CLOSED_MS } from "./limits.ts";
import { readMemory } from "./read_memory.ts";
import type { ReleasableStream, ReleasedTcp } from "./releasable_stream.ts";
import { toSocketError } from "./socket_error.ts";
import { SocketWriter, type WriterOwner } from "./socket_writer.ts";
import { READ_END, readResult, type TcpHandle } from "./tcp_handle.ts";

/** A handle that knows its stream, so that all of them share one listener. */
interface OwnedHandle extends TcpHandle {
  [STREAM]?: BareTcpStream;
}

const STREAM = Symbol("stream");

const halfClosed = new Deadlines(HALF_CLOSED_MS);

/**
 * A TCP connection as a stream, of which the runtime only has a handle that it
 * waits for and reads: no socket of node:net with its two streams and their
 * events, which cost a connection of one request twice what all else does.
 */
export class BareTcpStream implements ReleasableStream, WriterOwner {
  readonly #handle: OwnedHandle;
  readonly #writer: SocketWriter;
  #receiver: ByteReceiver | undefined;
  #onGone: (() => void) | undefined;
  #error: Error | undefined;
  #paused = false;
  #reading = false;
  #readEnded = false;
  #closed = false;
  /** Runs from the peer's end to our own. */
  #halfClosed: Deadline | undefined;

  /**
   * @param handle Connected, not read from yet; owned from here on.
   * @param fd Its second descriptor, to be closed by `closeNoted()`; owned too.
   * @param onGone Called once the connection is closed, or whoever it was given
   *   to is done with it.
   */
  constructor(handle: TcpHandle, fd: Fd, onGone?: () => void) {
    this.#handle = handle;
    this.#writer = new SocketWriter(this, fd);
    this.#onGone = onGone;
  }

  attach(receiver: ByteReceiver): void {
    this.#receiver = receiver;
    if (this.#closed) return queueMicrotask(() => this.#tellClose());
    const handle = this.#handle;
    handle[STREAM] = this;
    handle.onread = BareTcpStream.#onRead;
    handle.useUserBuffer(readMemory);
    this.#readOn();
  }

  static #onRead(this: OwnedHandle): void {
    // The runtime swallows what is thrown here.
    try {
      this[STREAM]!.#take(readResult());
    } catch (reason) {
      reportError(reason);
    }
  }

  #take(result: number): void {
    if (this.#closed || this.#readEnded) return;
    if (result > 0) this.#receiver?.onData(readMemory.subarray(0, result));
    else if (result === READ_END) this.#onReadEnd();
    else if (result < 0) this.#fail(new SyscallError("receive", -result));
  }

  #onReadEnd(): void {
    this.#readEnded = true;
    this.#receiver?.onEnd();
    this.#closeIfOver();
    if (this.#closed) return;
    // Nobody reads any more: a reset would be seen at the next write only.
    this.#halfClosed = halfClosed.start(() => this.#writer.watchPeer());
  }

  /** Reads, or not, as is wanted by now. */
  #readOn(): void {
    const wanted = !this.#paused && !this.#closed && !this.#readEnded &&
      this.#receiver !== undefined;
    if (wanted === this.#reading) return;
    this.#reading = wanted;
    if (wanted) this.#handle.readStart();
    else if (!this.#closed) this.#handle.readStop();
  }

  pause(): void {
    this.#paused = true;
    this.#readOn();
  }

  resume(): void {
    this.#paused = false;
    this.#readOn();
  }

  write(octets: Uint8Array): boolean {
    return this.#writer.write(octets);
  }

  /** Called by the writer: there is room again. */
  onDrain(): void {
    this.#receiver?.onDrain();
  }

  /** Called by the writer: the connection is no more. */
  onBroken(reason: unknown): void {
    if (reason === undefined) this.#close();
    else this.#fail(reason);
  }

  end(): void {
    this.#writer.end(() => this.#closeIfOver());
  }

  #closeIfOver(): void {
    if (this.#readEnded && this.#writer.hasEnded) this.#close();
  }

  dismiss(): void {
    this.#writer.end(() => this.#close());
  }

  reset(): void {
    if (this.#closed) return;
    this.#writer.use(resetOnClose);
    this.#close();
  }

  get isWhole(): boolean {
    return !this.#closed && !this.#readEnded && this.#writer.isOpen;
  }

  release(): ReleasedTcp | undefined {
    if (!this.isWhole) return undefined;
    const released = this.#writer.release();
    if (released === undefined) return undefined;
    this.#closed = true;
    this.#handle.close();
    return { ...released, unread: [] };
  }

  dispose(): void {
    this.#tellClose();
  }

  #fail(reason: unknown): void {
    this.#error ??= toSocketError(reason);
    this.#close();
  }

  /** Its receiver hears of it after the call that ended it. */
  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#halfClosed?.met();
    this.#writer.close();
    this.#handle.close();
    queueMicrotask(() => this.#tellClose());
  }

  /** Whoever attaches later is told as well. */
  #tellClose(): void {
    this.#onGone?.();
    this.#onGone = undefined;
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.onClose(this.#error);
  }
}
