import { Socket } from "node:net";
import type { SocketAddress } from "../model/address.ts";
import { closeNoted } from "../sys/descriptor_ledger.ts";
import type { Fd } from "../sys/libc.ts";
import { resetOnClose } from "../sys/tcp_state.ts";
import { BareTcpStream } from "./bare_tcp_stream.ts";
import { WRITE_QUEUE_MAX } from "./limits.ts";
import type { ReleasableStream } from "./releasable_stream.ts";
import type { TcpHandle } from "./tcp_handle.ts";
import { TcpStream } from "./tcp_stream.ts";

/** Between whom a connection is. */
export interface AcceptedEnds {
  readonly peer: SocketAddress;
  /** This end as the socket shows it: after any redirect. */
  readonly local: SocketAddress;
  /** Where the peer wanted to go; absent when nothing redirected it. */
  readonly original?: SocketAddress;
}

/** A connection as a listener hands it over: whoever takes it chooses how to use it. */
export class Accepted {
  readonly peer: SocketAddress;
  readonly local: SocketAddress;
  readonly original: SocketAddress | undefined;
  readonly #handle: TcpHandle;
  /** Until somebody takes it. */
  #fd: Fd | undefined;
  #socket: Socket | undefined;
  #stream: ReleasableStream | undefined;
  #onGone: (() => void) | undefined;

  /**
   * @param handle Owned from here on.
   * @param fd Its second descriptor, to be closed by `closeNoted()`; owned too.
   */
  constructor(
    handle: TcpHandle,
    fd: Fd,
    { peer, local, original }: AcceptedEnds,
  ) {
    this.#handle = handle;
    this.#fd = fd;
    this.peer = peer;
    this.local = local;
    this.original = original;
  }

  /** It as a socket of node:net; not once {@link stream} was asked for. */
  get socket(): Socket {
    if (this.#socket !== undefined) return this.#socket;
    closeNoted(this.#take());
    const socket = this.#socket = toSocket(this.#handle);
    socket.on("close", () => this.#onGone?.());
    return socket;
  }

  /** It as a stream: of the socket, if that was asked for before. */
  get stream(): ReleasableStream {
    return this.#stream ??= this.#socket === undefined
      ? new BareTcpStream(
        this.#handle,
        this.#take(),
        () => this.#onGone?.(),
      )
      : new TcpStream(this.#socket);
  }

  #take(): Fd {
    const fd = this.#fd;
    if (fd === undefined) throw new Error("connection taken already");
    this.#fd = undefined;
    return fd;
  }

  /** Has `onGone` called once it is closed; replaces who was to be called before. */
  whenGone(onGone: () => void): void {
    this.#onGone = onGone;
  }

  /** Closes it, whoever has it. */
  close(): void {
    if (this.#socket !== undefined) this.#socket.destroy();
    else if (this.#stream !== undefined) this.#stream.reset();
    else this.#closeUntaken();
  }

  /** Closes it so that the peer sees a reset. Only before somebody takes it. */
  reset(): void {
    if (this.#fd !== undefined) resetOnClose(this.#fd);
    this.#closeUntaken();
  }

  #closeUntaken(): void {
    if (this.#fd === undefined) return;
    closeNoted(this.#take());
    this.#handle.close();
    this.#onGone?.();
  }
}

/** Makes what a handle reads a socket of node:net, which owns it from here on. */
function toSocket(handle: TcpHandle): Socket {
  // The runtime takes these options, its types do not name `handle`.
  const options: Record<string, unknown> = {
    handle,
    allowHalfOpen: true,
    readable: true,
    writable: true,
    highWaterMark: WRITE_QUEUE_MAX,
  };
  return new Socket(options);
}
