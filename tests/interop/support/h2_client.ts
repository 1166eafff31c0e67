import { connect } from "node:net";
import type {
  H2Options,
  HeaderList,
  StreamId,
} from "../../../src/wire/h2/mod.ts";
import { concatenate, valueOf } from "./h2_server.ts";
import { H2Socket } from "./h2_socket.ts";

/** Everything that came back on a stream. */
export interface Answer {
  readonly status: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  readonly informational: readonly HeaderList[];
  readonly trailers: HeaderList;
}

/** A stream whose answer is still coming. */
interface Waiting {
  headers: HeaderList;
  readonly informational: HeaderList[];
  readonly body: Uint8Array[];
  trailers: HeaderList;
  readonly done: PromiseWithResolvers<Answer>;
  /** Octets after which the answer counts as whole, end or not. */
  readonly enough: number;
}

/** A client on loopback made of H2Connection. */
export class H2TestClient {
  readonly socket: H2Socket;
  readonly goAways: { lastStream: number; code: number }[] = [];
  readonly #waiting = new Map<StreamId, Waiting>();
  readonly #pongs = new Map<number, () => void>();
  readonly #finished = Promise.withResolvers<void>();

  constructor(port: number, options: Partial<H2Options> = {}) {
    this.socket = new H2Socket(connect(port, "127.0.0.1"), "client", {
      onHeaders: (stream, headers, kind, end) => {
        const waiting = this.#waiting.get(stream)!;
        if (kind === "informational") waiting.informational.push(headers);
        else if (kind === "trailers") waiting.trailers = headers;
        else waiting.headers = headers;
        if (end) this.#finish(stream, waiting);
      },
      onData: (stream, octets, end) => {
        const waiting = this.#waiting.get(stream)!;
        waiting.body.push(octets.slice());
        this.socket.connection.release(stream, octets.length);
        const length = waiting.body.reduce(
          (sum, { length }) => sum + length,
          0,
        );
        if (end || length >= waiting.enough) this.#finish(stream, waiting);
      },
      onReset: (stream, code) => {
        const error = new Error(`stream reset with code ${code}`);
        this.#waiting.get(stream)?.done.reject(error);
      },
      onGoAway: (lastStream, code) => this.goAways.push({ lastStream, code }),
      onPong: (opaque) => this.#pongs.get(opaque)?.(),
      onFinished: () => this.#finished.resolve(),
    }, options);
  }

  /** Settled when a GOAWAY came and the last stream is done. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  request(
    headers: HeaderList,
    body?: Uint8Array,
    trailers?: HeaderList,
  ): Promise<Answer> {
    const { connection } = this.socket;
    const stream = connection.openStream(headers, body === undefined);
    if (body !== undefined && stream !== undefined) {
      this.socket.send(stream, body, trailers);
    }
    return this.#answerOn(stream, Infinity);
  }

  /** Sends `octets` through a tunnel, not ended, and waits for as many. */
  exchange(headers: HeaderList, octets: Uint8Array): Promise<Answer> {
    const stream = this.socket.connection.openStream(headers, false);
    if (stream !== undefined) this.socket.write(stream, octets);
    return this.#answerOn(stream, octets.length);
  }

  #answerOn(stream: StreamId | undefined, enough: number): Promise<Answer> {
    if (stream === undefined) {
      return Promise.reject(new Error("no stream can be opened"));
    }
    const done = Promise.withResolvers<Answer>();
    const none = { headers: [], informational: [], body: [], trailers: [] };
    this.#waiting.set(stream, { ...none, done, enough });
    return done.promise;
  }

  /** Settled when the peer has answered, and so read all before it. */
  ping(): Promise<void> {
    return new Promise((resolve) => {
      this.#pongs.set(1, resolve);
      this.socket.connection.ping(1);
    });
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }

  #finish(stream: StreamId, waiting: Waiting): void {
    this.#waiting.delete(stream);
    waiting.done.resolve({
      status: valueOf(waiting.headers, ":status") ?? "",
      headers: waiting.headers,
      body: concatenate(waiting.body),
      informational: waiting.informational,
      trailers: waiting.trailers,
    });
  }
}

/** The fields of a plain request to the authority `localhost:PORT`. */
export function requestTo(
  port: number,
  method: string,
  path: string,
): HeaderList {
  return [
    [":method", method],
    [":scheme", "http"],
    [":authority", `localhost:${port}`],
    [":path", path],
  ];
}
