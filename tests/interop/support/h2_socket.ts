import type { Socket } from "node:net";
import {
  H2Connection,
  type H2Error,
  type H2Handlers,
  type H2Options,
  type HeaderList,
  type Role,
  type StreamId,
} from "../../../src/wire/h2/mod.ts";

/** What the owner of a socket wants to hear; the rest is done here. */
export interface H2Listener {
  onHeaders: H2Handlers["onHeaders"];
  onData: H2Handlers["onData"];
  onReset?(stream: StreamId, code: number): void;
  onGoAway?(lastStream: number, code: number): void;
  onPong?(opaque: number): void;
  onFinished?(): void;
  onFail?(error: H2Error): void;
}

/** Octets of one stream that no window has taken yet. */
interface Pending {
  parts: Uint8Array[];
  /** What follows them: trailers, or nothing. */
  trailers: HeaderList | undefined;
  end: boolean;
}

/** An H2Connection on a socket, with a queue of DATA for each stream. */
export class H2Socket {
  readonly connection: H2Connection;
  readonly #socket: Socket;
  readonly #pending = new Map<StreamId, Pending>();

  constructor(
    socket: Socket,
    role: Role,
    listener: H2Listener,
    options: Partial<H2Options> = {},
  ) {
    this.#socket = socket;
    socket.setNoDelay(true);
    const handlers: H2Handlers = {
      onHeaders: (...args) => listener.onHeaders(...args),
      onData: (stream, octets, end) => listener.onData(stream, octets, end),
      onReset: (stream, code) => {
        this.#pending.delete(stream);
        listener.onReset?.(stream, code);
      },
      onWritable: (stream) => this.#pump(stream),
      onGoAway: (lastStream, code) => listener.onGoAway?.(lastStream, code),
      onPong: (opaque) => listener.onPong?.(opaque),
      onOutput: () => queueMicrotask(() => this.#flush()),
      onFinished: () => {
        listener.onFinished?.();
        queueMicrotask(() => this.#end());
      },
    };
    const now = () => performance.now();
    this.connection = new H2Connection(role, handlers, { now, ...options });
    this.#flush();
    socket.on("data", (octets: Uint8Array) => this.#receive(octets, listener));
    socket.on("drain", () => this.#flush());
    socket.on("error", () => this.connection.terminate());
    socket.on("close", () => this.connection.terminate());
  }

  /** Sends a body, then trailers where there are some. */
  send(stream: StreamId, body: Uint8Array, trailers?: HeaderList): void {
    this.write(stream, body, { end: true, trailers });
  }

  write(
    stream: StreamId,
    octets: Uint8Array,
    { end = false, trailers }: {
      end?: boolean;
      trailers?: HeaderList | undefined;
    } = {},
  ): void {
    const pending = this.#pending.get(stream) ??
      { parts: [], trailers: undefined, end: false };
    this.#pending.set(stream, pending);
    pending.parts.push(octets);
    pending.end ||= end;
    pending.trailers = trailers;
    this.#pump(stream);
  }

  #pump(stream: StreamId): void {
    const pending = this.#pending.get(stream);
    if (pending === undefined) return;
    while (pending.parts.length > 0) {
      const part = pending.parts[0]!;
      const last = pending.parts.length === 1 && pending.end &&
        pending.trailers === undefined;
      const taken = this.connection.sendData(stream, part, last);
      if (taken < part.length) {
        pending.parts[0] = part.subarray(taken);
        return;
      }
      pending.parts.shift();
    }
    if (!pending.end) return;
    this.#pending.delete(stream);
    if (pending.trailers === undefined) return;
    this.connection.sendHeaders(stream, pending.trailers, true);
  }

  #receive(octets: Uint8Array, listener: H2Listener): void {
    const error = this.connection.receive(octets);
    if (error === undefined) return;
    listener.onFail?.(error);
    this.#flush();
    this.#end();
  }

  #flush(): void {
    if (this.#socket.writableNeedDrain || !this.#socket.writable) return;
    this.#socket.cork();
    for (const chunk of this.connection.takeOutput()) {
      this.#socket.write(chunk);
    }
    this.#socket.uncork();
  }

  #end(): void {
    this.#flush();
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
  }
}
