import type { HeaderList } from "../hpack/mod.ts";
import { Http1Connection } from "./connection.ts";
import { decodeResponse, opensTunnel, type ResponseHead } from "./decode.ts";
import { writeRequest } from "./encode.ts";
import { Http1Error, refusal, unsendable } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeId, Http1Handlers } from "./handlers.ts";
import { HeadReader } from "./head_reader.ts";
import {
  FIELD_LINE_OCTETS_MAX,
  INFORMATIONAL_RESPONSES_MAX,
  START_LINE_OCTETS_MAX,
} from "./limits.ts";
import type { Http1Options } from "./options.ts";
import { OutgoingBody } from "./outgoing_body.ts";

/**
 * The client's end of an HTTP/1.1 connection without a socket: one exchange
 * after the other.
 */
export class Http1Client extends Http1Connection {
  readonly #heads: HeadReader;
  #keepAlive = true;
  /** Octets lie behind the response: the next take() refuses them. */
  #stray = false;
  #informational = 0;
  /** The request's head is still in our output. */
  #unwritten = false;
  /** take() is reading: what lies behind a message is not known yet. */
  #taking = false;

  constructor(handlers: Http1Handlers, options: Http1Options = {}) {
    super(handlers, options);
    this.#heads = new HeadReader("response", {
      startLineOctetsMax: START_LINE_OCTETS_MAX,
      fieldLineOctetsMax: FIELD_LINE_OCTETS_MAX,
      octetsMax: this.config.headOctetsMax,
      fieldsMax: this.config.fieldsMax,
    });
  }

  /** Whether openExchange() would open one now. */
  get canOpen(): boolean {
    return this.state === "open" && this.#keepAlive && !this.#stray &&
      this.exchange === undefined;
  }

  /**
   * Sends a request's head.
   *
   * @param headers In HTTP/2's form, pseudo-header fields included; fields that
   *   speak of another connection are left out. An `upgrade` field is offered
   *   to the server when `end` is true.
   * @param end True when no body follows.
   * @returns why nothing was sent: canOpen is false, or the list cannot be
   *   written (status 400), with the connection as it was.
   */
  openExchange(headers: HeaderList, end: boolean): ExchangeId | Http1Error {
    if (!this.canOpen) return unsendable(502, "connection is not free");
    const sent = writeRequest(this.output, headers, end);
    if (typeof sent === "string") return unsendable(400, sent);
    const exchange = new Exchange(this.nextId(), sent.method);
    exchange.sending = end || sent.method === "CONNECT" ? "ended" : "body";
    exchange.body = new OutgoingBody(sent.framing);
    exchange.upgrade = sent.upgrade;
    this.exchange = exchange;
    this.#informational = 0;
    this.#unwritten = true;
    this.run(() => {});
    return exchange.id;
  }

  /**
   * Sends trailers, which end the request; behind a body that is not chunked
   * they are left out.
   *
   * @returns as openExchange().
   */
  sendHeaders(
    exchange: ExchangeId,
    trailers: HeaderList,
  ): Http1Error | undefined {
    const current = this.find(exchange, "body");
    if (current === undefined) return unsendable(502, "exchange is gone");
    return this.sendTrailers(current, trailers);
  }

  override takeOutput(): Uint8Array[] {
    this.#unwritten = false;
    return super.takeOutput();
  }

  protected override take(octets: Uint8Array, from: number): number {
    const { exchange } = this;
    if (exchange === undefined || exchange.receiving === "ended") {
      throw refusal(502, "octets that belong to no response");
    }
    if (this.#unwritten) throw refusal(502, "response before its request");
    exchange.answered = true;
    this.#taking = true;
    const at = exchange.receiving === "body"
      ? this.bodyReader.read(octets, from)
      : this.#takeHead(exchange, octets, from);
    this.#taking = false;
    this.#onTaken(exchange, at < octets.length);
    return at;
  }

  // What lies behind a response belongs to no request: the connection must not
  // carry another one that would take it for its answer.
  #onTaken(exchange: Exchange, more: boolean): void {
    if (this.exchange !== exchange || exchange.receiving !== "ended") return;
    this.#stray = more;
    if (exchange.sending !== "ended") this.#keepAlive = false;
    this.endIfOver();
  }

  protected override holdsEnd(): boolean {
    return this.#taking;
  }

  #takeHead(exchange: Exchange, octets: Uint8Array, from: number): number {
    const at = this.#heads.read(octets, from);
    if (at === -1) return octets.length;
    const head = decodeResponse(this.#heads.takeHead(), exchange.method);
    if (opensTunnel(exchange.method, head.status)) {
      this.#onTunnel(exchange, head);
    } else if (head.status < 200) this.#onInformational(exchange, head);
    else this.#onResponse(exchange, head);
    return at;
  }

  #onTunnel(exchange: Exchange, head: ResponseHead): void {
    const { upgrade } = head;
    const offered = upgrade.length > 0 &&
      upgrade.every((protocol) => exchange.upgrade.includes(protocol));
    if (head.status === 101 && !offered) {
      throw refusal(502, "switch to a protocol that was not offered");
    }
    this.openTunnel(exchange);
    this.#keepAlive = false;
    this.handlers.onHeaders(exchange.id, head.headers, "response", false);
  }

  #onInformational(exchange: Exchange, head: ResponseHead): void {
    if (++this.#informational > INFORMATIONAL_RESPONSES_MAX) {
      const found = `more than ${INFORMATIONAL_RESPONSES_MAX} responses 1xx`;
      throw refusal(502, found);
    }
    this.handlers.onHeaders(exchange.id, head.headers, "informational", false);
  }

  #onResponse(exchange: Exchange, head: ResponseHead): void {
    const end = head.framing.by === "nothing";
    this.#keepAlive = head.keepAlive;
    exchange.receiving = end ? "ended" : "body";
    this.bodyReader.start(head.framing);
    this.handlers.onHeaders(exchange.id, head.headers, "response", end);
  }

  protected override onInputEnd(): void {
    const { exchange } = this;
    if (exchange === undefined) {
      this.finish();
      return;
    }
    if (exchange.receiving === "body" && this.bodyReader.end()) return;
    const found = exchange.receiving === "ended"
      ? "connection ended before the request"
      : exchange.receiving === "body"
      ? "body cut off"
      : "connection ended before the response";
    this.fail(refusal(502, found), "truncated");
  }

  protected override onExchangeEnd(exchange: Exchange): void {
    this.handlers.onClosed?.(exchange.id);
    if (this.exchange !== undefined) return; // Opened by the handler.
    if (this.#keepAlive && this.state === "open") return;
    this.finish();
  }

  // Whatever it was, whoever waits for the answer gets 502.
  protected override onFailure(error: Http1Error): Http1Error {
    return error.status === 502 ? error : new Http1Error(502, error.found);
  }
}
