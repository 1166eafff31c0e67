import {
  type ExchangeId,
  type HeaderList,
  Http1Client,
  type Http1Handlers,
  type Http1Options,
  Http1Server,
} from "../../../src/wire/http1/mod.ts";

/** One call of a handler: its name, then its arguments. */
export type Event = readonly [name: string, ...args: unknown[]];

/** Handlers that write down what they were told. */
export class Recorder implements Http1Handlers {
  readonly events: Event[] = [];
  /** Body octets of each exchange, as characters. */
  readonly bodies = new Map<number, string>();
  /** Called after an event was written down. */
  react: (event: Event) => void = () => {};

  onHeaders(...args: Parameters<Http1Handlers["onHeaders"]>): void {
    this.#add("headers", ...args);
  }
  onData(exchange: ExchangeId, octets: Uint8Array, end: boolean): void {
    const before = this.bodies.get(exchange) ?? "";
    this.bodies.set(exchange, before + textOf(octets));
    this.#add("data", exchange, octets.length, end);
  }
  onReset(...args: Parameters<Http1Handlers["onReset"]>): void {
    this.#add("reset", ...args);
  }
  onOutput(): void {
    this.#add("output");
  }
  onResume(): void {
    this.#add("resume");
  }
  onWriteEnd(): void {
    this.#add("writeEnd");
  }
  onClosed(exchange: ExchangeId): void {
    this.#add("closed", exchange);
  }
  onFinished(how: string, error: Error | undefined): void {
    this.#add("finished", how, error?.message);
  }

  #add(...event: Event): void {
    this.events.push(event);
    this.react(event);
  }

  /** The events so far but "output" and "resume"; forgets them. */
  take(): Event[] {
    const quiet = new Set(["output", "resume"]);
    return this.events.splice(0).filter(([name]) => !quiet.has(name));
  }

  /** The header lists told so far. */
  get headers(): HeaderList[] {
    return this.events.filter(([name]) => name === "headers")
      .map((event) => event[2] as HeaderList);
  }
}

/** A server and its recorder. */
export function newServer(options: Http1Options = {}) {
  const told = new Recorder();
  return { told, server: new Http1Server(told, options) };
}

/** A client and its recorder. */
export function newClient(options: Http1Options = {}) {
  const told = new Recorder();
  return { told, client: new Http1Client(told, options) };
}

/** The n-th exchange of a connection. */
export function exchange(n: number): ExchangeId {
  return n as ExchangeId;
}

/** Octets of text, one for each character. */
export function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Text of octets, one character for each. */
export function textOf(octets: Uint8Array): string {
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
}

/** All that waits to be written, as text. */
export function outputOf(connection: { takeOutput(): Uint8Array[] }): string {
  return connection.takeOutput().map(textOf).join("");
}

export const GET: HeaderList = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "web.test"],
  [":path", "/"],
];
export const HEAD: HeaderList = [[":method", "HEAD"], ...GET.slice(1)];
export const POST: HeaderList = [[":method", "POST"], ...GET.slice(1)];
export const OK: HeaderList = [[":status", "200"]];

/** The opening of an exchange, which must not fail. */
export function open(
  client: Http1Client,
  headers: HeaderList,
  end: boolean,
): ExchangeId {
  const opened = client.openExchange(headers, end);
  if (opened instanceof Error) throw opened;
  return opened;
}
