import type { TLSSocket } from "node:tls";
import { SyscallError } from "../sys/libc.ts";
import { limitUnsent } from "../sys/tcp_state.ts";
import { withDescriptorOf } from "./descriptor.ts";
import { TunnelError } from "./errors.ts";
import { LINGER_MS, TUNNEL_QUEUE_MAX, TUNNEL_UNSENT_MAX } from "./limits.ts";
import { readMemory } from "./read_memory.ts";
import { READ_END, readResult, type TcpHandle } from "./tcp_handle.ts";
import { handlesOf, type TlsHandle } from "./tls_handle.ts";
import { TlsWriter } from "./tls_writer.ts";
import type { Transport, TransportReceiver } from "./transport.ts";

export interface TlsTransportOptions {
  /** Default {@link LINGER_MS}. */
  readonly lingerMs?: number;
}

/**
 * A TLS connection over TCP, past the streams of the runtime's sockets: what
 * both ends have proved stays theirs, what moves octets is here.
 */
export class TlsTransport implements Transport {
  readonly #socket: TLSSocket;
  readonly #lingerMs: number;
  readonly #tcp: TcpHandle | undefined;
  readonly #tls: TlsHandle | undefined;
  readonly #writer: TlsWriter;
  #receiver: TransportReceiver | undefined;
  /** What came before all that the socket had read by itself was handed out. */
  #early: Uint8Array[] | undefined = [];
  #ended = false;
  #full = false;

  /**
   * @param socket Secure, over a TCP socket; owned from here on.
   * @throws {TunnelError} when the runtime hides what it is made of.
   */
  constructor(
    socket: TLSSocket,
    { lingerMs = LINGER_MS }: TlsTransportOptions = {},
  ) {
    this.#socket = socket;
    this.#lingerMs = lingerMs;
    socket.setNoDelay(true);
    const handles = handlesOf(socket);
    if (handles === undefined && !socket.destroyed) {
      throw new TunnelError("tls", "io error: the socket has no handles");
    }
    withDescriptorOf(handles?.tcp, (fd) => limitUnsent(fd, TUNNEL_UNSENT_MAX));
    this.#tcp = handles?.tcp;
    this.#tls = handles?.tls;
    this.#writer = new TlsWriter(handles?.tls, {
      onRoom: () => this.#onRoom(),
      onFailed: (status) => socket.destroy(new SyscallError("send", -status)),
    });
  }

  attach(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    const socket = this.#socket;
    let error: Error | undefined;
    socket.on("error", (reason: Error) => {
      error = reason;
      // For a record that nobody can open, the runtime does not close it itself.
      socket.destroy();
    });
    socket.on("end", () => this.#onEnd());
    socket.on("close", () => {
      this.#writer.close();
      receiver.onClose(error);
    });
    this.#takeReads();
    queueMicrotask(() => this.#replay());
  }

  #takeReads(): void {
    const tls = this.#tls;
    const tcp = this.#tcp;
    if (tls === undefined || tcp === undefined) return;
    tls.useUserBuffer(readMemory);
    tls.onread = guarded(() => this.#onRead(readResult()));
    tls.readStart();
    tcp.readStop();
    tcp.useUserBuffer(readMemory);
    tcp.onread = guarded(() => this.#onRecords(tcp, tls, readResult()));
    tcp.readStart();
  }

  #onRecords(tcp: TcpHandle, tls: TlsHandle, result: number): void {
    if (this.#socket.destroyed) return;
    if (result > 0) tls.receive(readMemory.subarray(0, result));
    else if (result < 0) {
      tcp.readStop();
      tls.emitEof();
    }
  }

  #onRead(result: number): void {
    if (this.#socket.destroyed) return;
    if (result === READ_END) this.#onEnd();
    else if (result < 0) {
      this.#socket.destroy(new SyscallError("receive", -result));
    } else if (result > 0) {
      const octets = readMemory.subarray(0, result);
      if (this.#early === undefined) this.#receiver?.onData(octets);
      else this.#early.push(octets.slice());
    }
  }

  /** Hands out what came before anybody listened. */
  #replay(): void {
    const chunks = [...unreadOf(this.#socket), ...this.#early ?? []];
    this.#early = undefined;
    for (const octets of chunks) this.#receiver?.onData(octets);
    if (this.#ended) this.#receiver?.onEnd();
  }

  #onEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#early === undefined) this.#receiver?.onEnd();
  }

  write(chunks: readonly Uint8Array[], onWritten?: () => void): boolean {
    if (this.#socket.destroyed) return true;
    this.#writer.write(chunks, onWritten);
    this.#full ||= this.#writer.queued >= TUNNEL_QUEUE_MAX;
    return !this.#full;
  }

  #onRoom(): void {
    if (!this.#full || this.#writer.queued >= TUNNEL_QUEUE_MAX / 2) return;
    this.#full = false;
    this.#receiver?.onDrain();
  }

  end(): void {
    this.#writer.whenEmpty(() => this.#socket.end());
  }

  finish(): void {
    const socket = this.#socket;
    this.end();
    // Closed with octets unread, or some still coming, the kernel would reset
    // the connection, and drop what the peer has not got yet.
    this.resume();
    let left = Infinity;
    const timer = setInterval(() => {
      if (this.#writer.queued >= left) socket.destroy();
      left = this.#writer.queued;
    }, this.#lingerMs);
    socket.on("close", () => clearInterval(timer));
    if (socket.destroyed) clearInterval(timer);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pause(): void {
    if (!this.#socket.destroyed) this.#tcp?.readStop();
  }

  resume(): void {
    if (!this.#socket.destroyed && !this.#ended) this.#tcp?.readStart();
  }
}

/** Takes what the socket has read by itself: it hands out one read at a time. */
function unreadOf(socket: TLSSocket): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const octets: Uint8Array | null = socket.read();
    if (octets === null) return chunks;
    chunks.push(octets);
  }
}

/** The runtime swallows what its handles' callbacks throw. */
function guarded(act: () => void): () => void {
  return () => {
    try {
      act();
    } catch (reason) {
      reportError(reason);
    }
  };
}
