import type { Socket } from "node:net";
import type {
  CloseKind,
  Http1Connection,
  Http1Error,
  Http1Handlers,
} from "../../../src/wire/http1/mod.ts";

/** The handlers that a socket's owner has; the others are done here. */
export type Http1Listener =
  & Pick<Http1Handlers, "onHeaders" | "onData" | "onReset">
  & {
    onClosed?: Http1Handlers["onClosed"];
    onFinished?(error: Http1Error | undefined): void;
  };

/** An HTTP/1.1 connection on a socket. */
export class Http1Socket<C extends Http1Connection> {
  readonly connection: C;
  readonly #socket: Socket;
  #writeEnded = false;

  /** @param socket One that may be half open. */
  constructor(
    socket: Socket,
    listener: Http1Listener,
    create: (handlers: Http1Handlers) => C,
  ) {
    this.#socket = socket;
    socket.setNoDelay(true);
    this.connection = create({
      onHeaders: (...args) => listener.onHeaders(...args),
      onData: (...args) => listener.onData(...args),
      onReset: (...args) => listener.onReset(...args),
      onClosed: (exchange) => listener.onClosed?.(exchange),
      onOutput: () => queueMicrotask(() => this.#flush()),
      onResume: () => this.#socket.resume(),
      onWriteEnd: () => this.#endWrite(),
      onFinished: (how, error) => {
        this.#close(how);
        listener.onFinished?.(error);
      },
    });
    const { connection } = this;
    socket.on("data", (octets: Uint8Array) => {
      connection.receive(octets);
      if (connection.paused) socket.pause();
    });
    socket.on("end", () => connection.end());
    socket.on("drain", () => this.#flush());
    socket.on("error", () => connection.terminate());
    socket.on("close", () => connection.terminate());
  }

  #flush(): void {
    const socket = this.#socket;
    if (socket.writableNeedDrain || !socket.writable) return;
    socket.cork();
    for (const chunk of this.connection.takeOutput()) socket.write(chunk);
    socket.uncork();
    if (this.#writeEnded && this.connection.outputLength === 0) socket.end();
  }

  #endWrite(): void {
    this.#writeEnded = true;
    queueMicrotask(() => this.#flush());
  }

  #close(how: CloseKind): void {
    if (how === "abort") this.#socket.resetAndDestroy();
    else this.#endWrite();
    // What still comes is read and dropped, so that the peer gets our end.
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }
}
