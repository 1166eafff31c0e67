import type { HeaderList } from "../hpack/mod.ts";
import { Http1Connection } from "./connection.ts";
import { decodeRequest } from "./decode.ts";
import {
  type ResponsePlan,
  type SentResponse,
  writeRefusal,
  writeResponse,
} from "./encode.ts";
import { type Http1Error, refusal, unsendable } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeId, Http1Handlers } from "./handlers.ts";
import { HeadReader } from "./head_reader.ts";
import { FIELD_LINE_OCTETS_MAX, START_LINE_OCTETS_MAX } from "./limits.ts";
import type { Http1Options } from "./options.ts";
import { OutgoingBody } from "./outgoing_body.ts";

/**
 * The server's end of an HTTP/1.1 connection without a socket. Requests sent
 * ahead of their turn wait: the next one is told after the exchange before it
 * has ended in both directions. A request that is refused is answered here.
 */
export class Http1Server extends Http1Connection {
  readonly #heads: HeadReader;
  #keepAlive = true;
  #http10 = false;
  /** The client may wait for 100 before it sends the body. */
  #awaitsContinue = false;

  constructor(handlers: Http1Handlers, options: Http1Options = {}) {
    super(handlers, options);
    this.#heads = new HeadReader("request", {
      startLineOctetsMax: START_LINE_OCTETS_MAX,
      fieldLineOctetsMax: FIELD_LINE_OCTETS_MAX,
      octetsMax: this.config.headOctetsMax,
      fieldsMax: this.config.fieldsMax,
    });
  }

  /** A request's head has begun and goes on: the edge limits for how long. */
  get readingHead(): boolean {
    return this.state !== "closed" && !this.#heads.idle;
  }

  /**
   * Sends an informational or final response, or trailers. What the client
   * cannot take is left out: 1xx for HTTP/1.0, trailers behind a body that is
   * not chunked.
   *
   * A final response does not end an exchange whose request is still coming:
   * read on, or reset().
   *
   * @param end True for trailers, and for a response without body.
   * @returns why nothing was sent: the exchange is gone or waits for something
   *   else, or the list cannot be written; then another one can be sent.
   */
  sendHeaders(
    exchange: ExchangeId,
    headers: HeaderList,
    end: boolean,
  ): Http1Error | undefined {
    const started = this.find(exchange, "body");
    if (started !== undefined) return this.sendTrailers(started, headers);
    const current = this.find(exchange, "headers");
    if (current === undefined) return unsendable(502, "exchange is gone");
    if (this.#http10 && isInformational(headers)) return undefined;
    const plan = this.#planFor(current, end);
    const sent = writeResponse(this.output, headers, plan);
    if (typeof sent === "string") return unsendable(502, sent);
    this.run(() => this.#onSent(current, sent, plan));
    return undefined;
  }

  #planFor(exchange: Exchange, end: boolean): ResponsePlan {
    // Whether its body will come is not known: what follows could be either.
    const unsure = this.#awaitsContinue && exchange.receiving === "body";
    return {
      method: exchange.method,
      http10: this.#http10,
      end,
      close: !this.#keepAlive || unsure || this.state !== "open",
      upgrade: exchange.upgrade,
    };
  }

  #onSent(exchange: Exchange, sent: SentResponse, plan: ResponsePlan): void {
    if (sent.tunnel) this.openTunnel(exchange);
    else if (sent.status < 200) {
      if (sent.status === 100) this.#awaitsContinue = false;
      return;
    }
    if (plan.close || sent.framing.by === "close") this.#keepAlive = false;
    exchange.sending = "body";
    exchange.body = new OutgoingBody(sent.framing);
    if (plan.end) this.endSending(exchange);
  }

  protected override take(octets: Uint8Array, from: number): number {
    const { exchange } = this;
    if (exchange === undefined) return this.#takeHead(octets, from);
    if (exchange.receiving !== "body") return from;
    this.#awaitsContinue = false;
    return this.bodyReader.read(octets, from);
  }

  #takeHead(octets: Uint8Array, from: number): number {
    const at = this.#heads.read(octets, from);
    if (at === -1) return octets.length;
    const head = decodeRequest(this.#heads.takeHead(), this.config);
    const exchange = new Exchange(this.nextId(), head.method);
    const end = head.framing.by === "nothing";
    exchange.answered = true;
    exchange.receiving = end ? "ended" : "body";
    exchange.upgrade = head.upgrade;
    this.bodyReader.start(head.framing);
    this.#keepAlive = head.keepAlive;
    this.#http10 = head.http10;
    this.#awaitsContinue = head.expectsContinue;
    this.exchange = exchange;
    this.handlers.onHeaders(exchange.id, head.headers, "request", end);
    return at;
  }

  protected override onInputEnd(): void {
    this.#keepAlive = false;
    const { exchange } = this;
    if (exchange === undefined) {
      if (!this.#heads.idle) throw refusal(400, "head cut off");
      this.finish();
      return;
    }
    if (exchange.receiving !== "body" || this.bodyReader.end()) return;
    this.fail(refusal(400, "body cut off"), "truncated");
  }

  protected override onExchangeEnd(exchange: Exchange): void {
    const last = !this.#keepAlive || exchange.tunnel || this.state !== "open";
    this.handlers.onClosed?.(exchange.id);
    if (last) this.finish();
  }

  protected override onFailure(error: Http1Error): Http1Error {
    const { exchange } = this;
    if (exchange === undefined || exchange.sending === "headers") {
      writeRefusal(this.output, error.status);
    }
    return error;
  }
}

function isInformational(headers: HeaderList): boolean {
  const status = headers.find(([name]) => name === ":status")?.[1];
  return status?.length === 3 && status.startsWith("1");
}
