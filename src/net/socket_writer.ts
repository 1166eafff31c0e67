import { closeNoted } from "../sys/descriptor_ledger.ts";
import { type Fd, SyscallError } from "../sys/libc.ts";
import { sendNow, socketError } from "../sys/sockets.ts";
import { endWriting } from "../sys/tcp_state.ts";
import { brokenSockets } from "./broken_sockets.ts";
import { WRITE_QUEUE_MAX } from "./limits.ts";
import { writableSockets } from "./writable_sockets.ts";

/** Who writes. */
export interface WriterOwner {
  /** There is room again after `write` said no. */
  onDrain(): void;
  /** The connection is no more; `reason` when it did not end in good order. */
  onBroken(reason: unknown): void;
  /**
   * Asked once, when there is something to do: a second descriptor, to be closed
   * by `closeNoted()`. Default: the writer was made with one. Undefined when the
   * socket is gone.
   */
  ownDescriptor?(): Fd | undefined;
}

/**
 * Writes to a TCP socket past the runtime.
 *
 * Deno 2.9 looks whether the peer has ended its half whenever octets wait to be
 * written, and if so drops them with EPIPE: whoever asks, ends its half and
 * reads slowly, would get the beginning of the answer only. So nothing may ever
 * wait in the runtime; it waits here.
 */
export class SocketWriter {
  readonly #owner: WriterOwner;
  /** A duplicate: the runtime may close its own at any time. */
  #fd: Fd | undefined;
  #closed = false;
  #queue = NONE;
  #queued = 0;
  #endWanted = false;
  #ended = false;
  #onEnded: (() => void) | undefined;
  /** The writer was told to wait. */
  #full = false;

  /**
   * @param owner Calls {@link close} when the socket has closed.
   * @param fd To be closed by `closeNoted()`; owned from here on.
   */
  constructor(owner: WriterOwner, fd?: Fd) {
    this.#owner = owner;
    this.#fd = fd;
  }

  /** Whether it would take more: neither closed nor ended. */
  get isOpen(): boolean {
    return !this.#closed && !this.#endWanted;
  }

  /** @returns as ByteStream.write(). */
  write(octets: Uint8Array): boolean {
    if (this.#closed) return true; // "close" is about to be said
    const rest = this.#queue.length > 0 ? octets : this.#sendAtOnce(octets);
    if (rest.length > 0) this.#keep(rest);
    // Said once, it holds until the queue is empty: a short write in between
    // must not forget that somebody waits.
    this.#full ||= this.#queued >= WRITE_QUEUE_MAX;
    return !this.#full;
  }

  /**
   * Ends the write half once everything queued is out.
   *
   * @param onEnded Called then.
   */
  end(onEnded?: () => void): void {
    this.#endWanted = true;
    this.#onEnded = onEnded;
    if (this.#queue.length === 0) this.#end();
  }

  /**
   * Hands over the descriptor and what is queued; nothing is written here any
   * more.
   *
   * @returns undefined when the socket is gone, or its end has been asked for.
   */
  release(): { readonly fd: Fd; readonly unsent: Uint8Array[] } | undefined {
    if (!this.isOpen) return undefined;
    const fd = this.#descriptor();
    if (fd === undefined) return undefined;
    writableSockets.remove(fd);
    const unsent = this.#queue;
    this.#fd = undefined;
    this.close();
    return { fd, unsent };
  }

  /** Learns of a reset by the peer also while nothing is read or written. */
  watchPeer(): void {
    const fd = this.#closed ? undefined : this.#descriptor();
    if (fd === undefined) return;
    brokenSockets.add(fd, () => {
      const code = socketError(fd);
      this.#fail(code === 0 ? undefined : new SyscallError("keep", code));
    });
  }

  /** Lends the descriptor, if there is one. */
  use(lend: (fd: Fd) => void): void {
    const fd = this.#closed ? undefined : this.#descriptor();
    if (fd !== undefined) lend(fd);
  }

  /** Whether the write half has ended: the peer has got all of it, or will. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Drops what is queued, and lets go of the socket. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = NONE;
    this.#queued = 0;
    if (this.#fd === undefined) return;
    writableSockets.remove(this.#fd);
    brokenSockets.remove(this.#fd);
    closeNoted(this.#fd);
  }

  /** Past the runtime too, whose own way is longer than all else of a short connection. */
  #end(): void {
    const fd = this.#closed ? undefined : this.#descriptor();
    if (!this.#ended && fd !== undefined) endWriting(fd);
    this.#ended = true;
    this.#onEnded?.();
  }

  /** undefined when the socket is gone, as "close" is about to say. */
  #descriptor(): Fd | undefined {
    return this.#fd ??= this.#owner.ownDescriptor?.();
  }

  /** Sends what the kernel takes at once of octets that nothing is before. */
  #sendAtOnce(octets: Uint8Array): Uint8Array {
    try {
      const fd = this.#descriptor();
      if (fd === undefined) return NOTHING;
      const sent = sendNow(fd, octets);
      return sent === octets.length ? NOTHING : octets.subarray(sent);
    } catch (reason) {
      this.#fail(reason);
      return NOTHING;
    }
  }

  /** Copies what has to wait. */
  #keep(octets: Uint8Array): void {
    if (this.#queue === NONE) this.#queue = [];
    this.#queue.push(octets.slice());
    this.#queued += octets.length;
    if (this.#queue.length === 1) this.#watch();
  }

  #watch(): void {
    if (this.#fd === undefined) return;
    try {
      writableSockets.whenWritable(this.#fd, () => this.#resume());
    } catch (reason) {
      this.#fail(reason);
    }
  }

  #sendQueued(): void {
    for (let first = this.#queue[0]; first !== undefined;) {
      const rest = this.#sendAtOnce(first);
      this.#queued -= first.length - rest.length;
      if (this.#closed) return;
      if (rest.length > 0) {
        this.#queue[0] = rest;
        return this.#watch();
      }
      this.#queue.shift();
      first = this.#queue[0];
    }
  }

  #fail(reason: unknown): void {
    this.close();
    this.#owner.onBroken(reason);
  }

  #resume(): void {
    this.#sendQueued();
    if (this.#closed || this.#queue.length > 0) return;
    if (this.#endWanted) this.#end();
    if (!this.#full) return;
    this.#full = false;
    this.#owner.onDrain();
  }
}

/** Most sockets take all that they are given: they share one empty queue. */
const NONE: Uint8Array[] = [];
Object.freeze(NONE);

const NOTHING = new Uint8Array(0);
