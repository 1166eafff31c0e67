import { assert } from "../../base/assert.ts";
import type { HeaderList } from "../hpack/mod.ts";
import { BodyReader } from "./body_reader.ts";
import { Credit } from "./credit.ts";
import { writeTrailers } from "./encode.ts";
import { Http1Error, refusal, unsendable } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { UNTIL_CLOSE } from "./framing.ts";
import type {
  CloseKind,
  ExchangeId,
  Http1Handlers,
  ResetReason,
} from "./handlers.ts";
import { Intake } from "./intake.ts";
import { OUTPUT_WAITING_MAX } from "./limits.ts";
import {
  type Http1Config,
  type Http1Options,
  resolveOptions,
} from "./options.ts";
import { OutgoingBody } from "./outgoing_body.ts";
import { Output } from "./output.ts";

/** How far a connection is on its way to the end. */
type State =
  | { readonly at: "open" }
  /** No exchange follows the one in progress. */
  | { readonly at: "draining" }
  /** Nothing is read or sent any more. */
  | { readonly at: "closed"; readonly error: Http1Error | undefined };

/**
 * What both ends of an HTTP/1.1 connection without a socket have in common (RFC
 * 9112): what arrives goes into receive(), what comes out of takeOutput() goes
 * to the transport, the rest happens in the handlers.
 *
 * The edge writes the output once for each onOutput. While the transport does
 * not take more, it leaves the output where it is and stops sendData();
 * `outputLength` tells how much waits. While `paused`, it does not read.
 */
export abstract class Http1Connection {
  protected readonly handlers: Http1Handlers;
  protected readonly config: Http1Config;
  protected readonly output = new Output();
  protected exchange: Exchange | undefined;
  protected readonly bodyReader: BodyReader;
  protected readonly intake: Intake;
  #state: State = { at: "open" };
  #lastId = 0;
  readonly #credit: Credit;
  #outputKnown = false;
  #inputEnded = false;
  #inputEndSeen = false;

  constructor(handlers: Http1Handlers, options: Http1Options = {}) {
    this.handlers = handlers;
    this.config = resolveOptions(options);
    this.#credit = new Credit(this.config.receiveWindow);
    this.intake = new Intake((octets, from) =>
      this.#isClosed() ? octets.length : this.take(octets, from)
    );
    this.bodyReader = new BodyReader({
      onBody: (octets, end) => this.#onBody(octets, end),
      onTrailers: (fields) => this.#onTrailers(fields),
    });
  }

  /** Reads from a position; the same one back when that has to wait. */
  protected abstract take(octets: Uint8Array, from: number): number;
  /** All octets were read, and no more come. */
  protected abstract onInputEnd(): void;
  /** Both halves of the exchange have ended; it is not `exchange` any more. */
  protected abstract onExchangeEnd(exchange: Exchange): void;
  /** The connection fails with what is in progress; may add last output. */
  protected abstract onFailure(error: Http1Error): Http1Error;

  /**
   * Takes octets that arrived, split anywhere. Views of them reach onData, so
   * they must not be overwritten until released.
   *
   * @returns the error of the connection, at once and on every later call. What
   *   the peer is told about it is in the output then.
   */
  receive(octets: Uint8Array): Http1Error | undefined {
    if (this.#state.at === "closed") return this.#state.error;
    assert(!this.intake.running, "receive() called by a handler");
    assert(!this.#inputEnded, "receive() after end()");
    this.run(() => {
      this.intake.receive(octets);
      if (this.intake.length > this.config.backlogOctetsMax) {
        throw refusal(400, "too much sent ahead of its turn");
      }
    });
    return this.#error();
  }

  /**
   * The peer ended its half of the transport in good order. (After a reset or
   * any other error call terminate().)
   *
   * @returns as receive(): an error when a message is cut off by it.
   */
  end(): Http1Error | undefined {
    if (this.#state.at === "closed") return this.#state.error;
    assert(!this.intake.running, "end() called by a handler");
    this.#inputEnded = true;
    this.run(() => {});
    return this.#error();
  }

  /**
   * Removes and returns what is to be written, in order. The chunks are the
   * caller's; body chunks are views of what sendData() was given.
   */
  takeOutput(): Uint8Array[] {
    const chunks = this.output.take();
    this.#outputKnown = false;
    this.#settlePause();
    return chunks;
  }

  /** Octets that takeOutput() would return. */
  get outputLength(): number {
    return this.output.length;
  }

  /**
   * Whether the edge has to stop reading: too much is held unreleased, waits
   * for its turn, or waits to be written. onResume tells when that is over.
   */
  get paused(): boolean {
    return this.#credit.paused;
  }

  /**
   * Sends a part of a body, or of a tunnel's octets. `octets` must not change
   * until the output was written. What a message without content by definition
   * is given (a response to HEAD, 204, 304) is dropped.
   *
   * @param end Ends our half.
   * @returns octets taken: all, or 0 when the exchange is gone or they are not
   *   what Content-Length announced (onReset tells).
   */
  sendData(exchange: ExchangeId, octets: Uint8Array, end: boolean): number {
    const current = this.find(exchange, "body");
    if (current === undefined) return 0;
    if (!current.body.write(this.output, octets, end)) {
      this.run(() => this.#failSending("body differs from content-length"));
      return 0;
    }
    this.run(() => {
      if (end) this.endSending(current);
    });
    return octets.length;
  }

  /** Gives back octets that onData delivered and the application is done with. */
  release(octets: number): void {
    if (this.#isClosed()) return;
    this.#credit.release(octets);
    this.#settlePause();
  }

  /**
   * Gives an exchange up, and the connection with it: HTTP/1.1 has no other
   * way. onClosed and onFinished follow within this call, onReset does not.
   */
  reset(exchange: ExchangeId): void {
    const current = this.exchange;
    if (current?.id !== exchange) return;
    this.exchange = undefined;
    const how = closeKind(current);
    this.#enterClosed(undefined);
    this.handlers.onClosed?.(exchange);
    this.#announceFinished(how, undefined);
  }

  /** Lets the exchange in progress end and takes or opens no other. */
  drain(): void {
    if (this.#state.at !== "open") return;
    this.#state = { at: "draining" };
    if (this.exchange === undefined) this.run(() => this.onDrained());
  }

  /** The transport is gone: the exchange in progress gets onReset. */
  terminate(): void {
    if (this.#isClosed()) return;
    const current = this.exchange;
    this.#enterClosed(undefined);
    if (current !== undefined) this.announceReset(current, "lost");
  }

  /** "draining" from drain() on; "closed" after the last exchange or error. */
  get state(): "open" | "draining" | "closed" {
    return this.#state.at;
  }

  /** A draining connection has no exchange in progress. */
  protected onDrained(): void {
    this.finish();
  }

  protected nextId(): ExchangeId {
    return ++this.#lastId as ExchangeId;
  }

  /** The exchange when it is that one and its sending half is there. */
  protected find(
    id: ExchangeId,
    sending: Exchange["sending"],
  ): Exchange | undefined {
    const { exchange } = this;
    return exchange?.id === id && exchange.sending === sending
      ? exchange
      : undefined;
  }

  /** Ends the connection in good order. */
  protected finish(): void {
    if (this.#isClosed()) return; // By a handler.
    this.#enterClosed(undefined);
    this.#announceFinished("close", undefined);
  }

  /** Sends trailers, which end our half. */
  protected sendTrailers(
    exchange: Exchange,
    fields: HeaderList,
  ): Http1Error | undefined {
    if (exchange.body.takesTrailers) {
      const fault = writeTrailers(this.output, fields);
      if (fault !== undefined) return unsendable(502, fault);
    } else if (!exchange.body.complete) {
      this.run(() => this.#failSending("body shorter than content-length"));
      return;
    }
    this.run(() => this.endSending(exchange));
  }

  /** Our half of the exchange has ended. */
  protected endSending(exchange: Exchange): void {
    exchange.sending = "ended";
    if (exchange.tunnel && exchange.receiving !== "ended") {
      this.#announceOutput();
      this.handlers.onWriteEnd?.();
    }
    this.endIfOver();
  }

  /** Our and the peer's octets are opaque from now on. */
  protected openTunnel(exchange: Exchange): void {
    exchange.tunnel = true;
    exchange.receiving = "body";
    exchange.sending = "body";
    exchange.body = new OutgoingBody(UNTIL_CLOSE);
    this.bodyReader.start(UNTIL_CLOSE);
    this.#inputEndSeen = false; // It ends the tunnel's half, too.
  }

  /** Closes the exchange when both halves have ended. */
  protected endIfOver(): void {
    const { exchange } = this;
    if (exchange?.sending !== "ended" || exchange.receiving !== "ended") return;
    // Not before take() has looked at what lies behind a message.
    if (this.holdsEnd()) return;
    this.exchange = undefined;
    this.onExchangeEnd(exchange);
  }

  /** Whether the end of an exchange has to wait for take(). */
  protected holdsEnd(): boolean {
    return false;
  }

  protected announceReset(exchange: Exchange, reason: ResetReason): void {
    this.exchange = undefined;
    const unanswered = !exchange.answered && reason !== "unsendable";
    this.handlers.onReset(exchange.id, unanswered ? "unanswered" : reason);
    this.handlers.onClosed?.(exchange.id);
  }

  #onBody(octets: Uint8Array, end: boolean): void {
    const { exchange } = this;
    if (exchange === undefined) return; // Given up by a handler.
    this.#credit.hold(octets.length);
    if (end) exchange.receiving = "ended";
    this.handlers.onData(exchange.id, octets, end);
    if (end) this.endIfOver();
  }

  #onTrailers(fields: HeaderList): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    exchange.receiving = "ended";
    this.handlers.onHeaders(exchange.id, fields, "trailers", true);
    this.endIfOver();
  }

  #isClosed(): boolean {
    return this.#state.at === "closed";
  }

  #error(): Http1Error | undefined {
    return this.#state.at === "closed" ? this.#state.error : undefined;
  }

  /** Runs what may fail the connection, then does what follows from it. */
  protected run(action: () => void): void {
    try {
      action();
      this.intake.resume();
      this.#seeInputEnd();
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error;
      if (!this.#isClosed()) this.fail(error, "refused");
    }
    this.#settle();
  }

  #seeInputEnd(): void {
    if (!this.#inputEnded || this.#inputEndSeen || this.#isClosed()) return;
    if (this.intake.running || this.intake.length > 0) return;
    this.#inputEndSeen = true;
    this.onInputEnd();
  }

  #failSending(found: string): void {
    this.fail(unsendable(502, found), "unsendable");
  }

  /** Ends the connection with an error. */
  protected fail(cause: Http1Error, reason: ResetReason): void {
    const { exchange } = this;
    const error = this.onFailure(cause);
    const how = exchange === undefined ? "close" : closeKind(exchange);
    this.#enterClosed(error);
    if (exchange !== undefined) this.announceReset(exchange, reason);
    this.#announceFinished(how, error);
  }

  #enterClosed(error: Http1Error | undefined): void {
    this.#state = { at: "closed", error };
    this.intake.clear();
    this.#credit.clear();
  }

  #settle(): void {
    this.#announceOutput();
    this.#settlePause();
  }

  #announceOutput(): void {
    if (this.output.length === 0 || this.#outputKnown) return;
    this.#outputKnown = true;
    this.handlers.onOutput();
  }

  #announceFinished(how: CloseKind, error: Http1Error | undefined): void {
    this.#announceOutput();
    this.handlers.onFinished?.(how, error);
  }

  #settlePause(): void {
    if (this.#isClosed()) return;
    const resumed = this.#credit.settle({
      backlog: this.intake.length > 0,
      output: this.output.length > OUTPUT_WAITING_MAX,
    });
    if (resumed) this.handlers.onResume();
  }
}

/** A body whose end is the connection's must not seem to have ended. */
function closeKind({ sending, body }: Exchange): CloseKind {
  return sending === "body" && body.endsByClose ? "abort" : "close";
}
