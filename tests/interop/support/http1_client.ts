import { connect } from "node:net";
import {
  type ExchangeId,
  type HeaderList,
  Http1Client,
} from "../../../src/wire/http1/mod.ts";
import { Http1Socket } from "./http1_socket.ts";

/** A response as our client saw it. */
export interface Answer {
  readonly status: string;
  readonly headers: HeaderList;
  readonly informational: readonly HeaderList[];
  readonly trailers: HeaderList | undefined;
  readonly body: Uint8Array;
}

/** What is sent behind the head. */
export interface Sent {
  readonly body?: Uint8Array;
  readonly trailers?: HeaderList;
  /** Waits with the body for 100 or a final response. */
  readonly expect?: boolean;
}

/** The head of a request to a port on loopback. */
export function requestTo(
  port: number,
  method: string,
  path: string,
): HeaderList {
  return [
    [":method", method],
    [":scheme", "http"],
    [":authority", `127.0.0.1:${port}`],
    [":path", path],
  ];
}

/** An HTTP/1.1 client of ours on one connection. */
export class Http1TestClient {
  readonly #bound: Http1Socket<Http1Client>;
  #informational: HeaderList[] = [];
  #head: HeaderList | undefined;
  #trailers: HeaderList | undefined;
  #parts: Uint8Array[] = [];
  #sent: Sent = {};
  #settle: PromiseWithResolvers<Answer> = Promise.withResolvers();
  readonly #switch: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Octets of a tunnel go here instead of into the answer. */
  onTunnel: ((octets: Uint8Array, end: boolean) => void) | undefined;

  constructor(port: number) {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.#bound = new Http1Socket(socket, {
      onHeaders: (exchange, headers, kind, end) => {
        if (kind === "informational") this.#informational.push(headers);
        else if (kind === "trailers") this.#trailers = headers;
        else this.#onHead(headers);
        this.#sendBody(exchange, kind === "informational");
        if (end) this.#giveUpBody(exchange);
      },
      onData: (exchange, octets, end) => {
        if (this.onTunnel === undefined) this.#parts.push(octets.slice());
        else this.onTunnel(octets, end);
        this.#bound.connection.release(octets.length);
        if (end) this.#giveUpBody(exchange);
      },
      onReset: (_, reason) => this.#settle.reject(new Error(reason)),
      onClosed: () => this.#settle.resolve(this.#answer()),
    }, (handlers) => new Http1Client(handlers));
  }

  get connection(): Http1Client {
    return this.#bound.connection;
  }

  /** Sends a request and waits for both halves to end. */
  request(headers: HeaderList, sent: Sent = {}): Promise<Answer> {
    this.#informational = [];
    this.#head = undefined;
    this.#trailers = undefined;
    this.#parts = [];
    this.#sent = sent;
    this.#settle = Promise.withResolvers();
    const id = this.open(headers, sent.body === undefined);
    if (sent.expect !== true) this.#sendBody(id, true);
    return this.#settle.promise;
  }

  open(headers: HeaderList, end: boolean): ExchangeId {
    const id = this.connection.openExchange(headers, end);
    if (id instanceof Error) throw id;
    return id;
  }

  #sendBody(exchange: ExchangeId, wanted: boolean): void {
    const { body, trailers } = this.#sent;
    if (!wanted || body === undefined) return;
    this.#sent = {};
    this.connection.sendData(exchange, body, trailers === undefined);
    if (trailers !== undefined) this.connection.sendHeaders(exchange, trailers);
  }

  #onHead(headers: HeaderList): void {
    this.#head = headers;
    if (headers[0]?.[1] === "101") this.#switch.resolve();
  }

  /** A 101 came. */
  get switched(): Promise<void> {
    return this.#switch.promise;
  }

  // A response came in place of 100.
  #giveUpBody(exchange: ExchangeId): void {
    if (this.#sent.body !== undefined) this.connection.reset(exchange);
  }

  #answer(): Answer {
    const headers = this.#head ?? [];
    return {
      status: headers[0]?.[1] ?? "",
      headers: headers.slice(1),
      informational: this.#informational,
      trailers: this.#trailers,
      body: join(this.#parts),
    };
  }

  [Symbol.dispose](): void {
    this.#bound.close();
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
