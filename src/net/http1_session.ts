import {
  type ExchangeId,
  type HeaderField,
  type HeaderList,
  Http1Client,
  type Http1Error,
  type Http1Handlers,
  Http1Server,
  type ResetReason,
} from "../wire/http1/mod.ts";
import { HEADER_BLOCK_MS } from "./limits.ts";
import { MessageInbox } from "./message_inbox.ts";
import type { MessageReceiver, MessageStream } from "./message_stream.ts";
import type { Transport } from "./transport.ts";

/** An exchange that was over before its end. */
export class ExchangeError extends Error {
  /**
   * @param reason `unanswered`: no octet of an answer came.
   * @param reused Whether the connection had carried others before.
   */
  constructor(readonly reason: ResetReason, readonly reused: boolean) {
    super(`HTTP/1.1 exchange ended early: ${reason}`);
  }
}

export interface Http1SessionOptions {
  readonly role: "client" | "server";
  /** Server: a request came. `end` says that it has no body. */
  onRequest?(stream: MessageStream, headers: HeaderList, end: boolean): void;
  /** The exchange is over: a client may open another, where `canOpen`. */
  onIdle?(): void;
  /** The session is over; the last call. */
  onClosed?(error: Error | undefined): void;
}

/**
 * An HTTP/1.1 connection over a transport, which it owns. One exchange at a
 * time, each given as a {@link MessageStream}; all output of one turn leaves in
 * one write.
 */
export class Http1Session {
  readonly #transport: Transport;
  readonly #options: Http1SessionOptions;
  readonly #http: Http1Server | Http1Client;
  #stream: Http1Stream | undefined;
  #congested = false;
  #flushing = false;
  #closed = false;
  /** The exchange was given up, and a client has nothing more to say. */
  #abandoned = false;
  #error: Error | undefined;
  #headTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(transport: Transport, options: Http1SessionOptions) {
    this.#transport = transport;
    this.#options = options;
    const handlers = this.#handlers();
    this.#http = options.role === "server"
      ? new Http1Server(handlers)
      : new Http1Client(handlers);
    transport.attach({
      onData: (octets) => this.#receive(octets),
      onDrain: () => this.#onDrain(),
      onEnd: () => this.#onInputEnd(),
      onClose: (error) => this.#onClose(error),
    });
  }

  get congested(): boolean {
    return this.#congested;
  }

  /** Client: whether a request can be sent now. */
  get canOpen(): boolean {
    return !this.#closed && this.#http instanceof Http1Client &&
      this.#http.canOpen;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Client: sends a request's head.
   *
   * @returns why not, when it cannot be written.
   */
  open(headers: HeaderList, end: boolean): MessageStream | Http1Error {
    if (!(this.#http instanceof Http1Client)) {
      throw new Error("a server opens no exchange");
    }
    const id = this.#http.openExchange(headers, end);
    if (typeof id !== "number") return id;
    this.#stream = new Http1Stream(id, this.#http, this);
    return this.#stream;
  }

  /** Called by its streams: gives the exchange up, and so the connection. */
  abandon(id: ExchangeId): void {
    this.#abandoned = this.#options.role === "client";
    this.#http.reset(id);
  }

  /** Ends after the exchange in progress. */
  drain(): void {
    this.#http.drain();
  }

  destroy(): void {
    this.#transport.destroy();
    this.#onClose(undefined);
  }

  #handlers(): Http1Handlers {
    return {
      onHeaders: (id, headers, kind, end) => {
        if (kind === "request") {
          this.#stream = new Http1Stream(id, this.#http, this);
          this.#options.onRequest?.(this.#stream, headers, end);
        } else {
          this.#streamOf(id)?.inbox.onHeaders(headers, kind, end);
        }
        if (end) this.#streamOf(id)?.inbox.onEnd();
      },
      onData: (id, octets, end) => {
        const inbox = this.#streamOf(id)?.inbox;
        if (octets.length > 0) inbox?.onData(octets);
        if (end) inbox?.onEnd();
      },
      onReset: (id, reason) => {
        if (this.#stream?.id === id) this.#stream.lost = reason;
      },
      onClosed: (id) => this.#onExchangeClosed(id),
      onOutput: () => this.#schedule(),
      onResume: () => this.#transport.resume(),
      onWriteEnd: () => {
        this.#writeRest();
        this.#transport.end();
      },
      onFinished: (how, error) => {
        this.#error ??= error;
        this.#writeRest();
        if (how === "abort" || this.#abandoned) this.#transport.destroy();
        else this.#transport.finish();
        this.#onClose(error);
      },
    };
  }

  #streamOf(id: ExchangeId): Http1Stream | undefined {
    return this.#stream?.id === id ? this.#stream : undefined;
  }

  #onExchangeClosed(id: ExchangeId): void {
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    this.#stream = undefined;
    stream.onClosed();
    // What follows the exchange, such as its connection's end, comes first.
    queueMicrotask(() => this.#options.onIdle?.());
  }

  #receive(octets: Uint8Array): void {
    // It keeps what lies behind the message that is being read.
    this.#http.receive(octets.slice());
    if (this.#http.paused) this.#transport.pause();
    this.#watchHead();
  }

  /** Some of a request's head is there, and the rest has to follow in time. */
  #watchHead(): void {
    const http = this.#http;
    if (this.#closed || !(http instanceof Http1Server)) return;
    if (!http.readingHead) return this.#stopHeadTimer();
    this.#headTimer ??= setTimeout(() => this.destroy(), HEADER_BLOCK_MS);
  }

  #stopHeadTimer(): void {
    clearTimeout(this.#headTimer);
    this.#headTimer = undefined;
  }

  #schedule(): void {
    if (this.#flushing || this.#closed) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (!this.#congested) this.#writeRest();
  }

  /** Also what would wait for room: nothing comes after it. */
  #writeRest(): void {
    if (this.#closed) return;
    const chunks = this.#http.takeOutput();
    if (chunks.length > 0) this.#congested = !this.#transport.write(chunks);
  }

  /**
   * A client that ends its half before it has its answer is taken to be gone, as
   * other proxies and servers have it: a closed socket shows in no other way.
   */
  #onInputEnd(): void {
    this.#http.end();
    const waiting = this.#stream?.switched === false;
    if (this.#options.role === "server" && waiting) this.destroy();
  }

  #onDrain(): void {
    this.#congested = false;
    this.#flush();
    if (!this.#congested) this.#stream?.inbox.onDrain();
  }

  #onClose(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error ??= error;
    this.#stopHeadTimer();
    this.#http.terminate();
    this.#options.onClosed?.(this.#error);
  }
}

/** One exchange of an {@link Http1Session}. */
class Http1Stream implements MessageStream {
  readonly inbox: MessageInbox;
  readonly #http: Http1Server | Http1Client;
  readonly #session: Pick<Http1Session, "congested" | "abandon">;
  #ended = false;
  #closed = false;
  #dismissed = false;
  #switched = false;
  lost: ResetReason | undefined;

  constructor(
    readonly id: ExchangeId,
    http: Http1Server | Http1Client,
    session: Pick<Http1Session, "congested" | "abandon">,
  ) {
    this.#http = http;
    this.#session = session;
    this.inbox = new MessageInbox((octets) => http.release(octets));
  }

  attach(receiver: MessageReceiver): void {
    this.inbox.attach(receiver);
  }

  /** Whether it carries another protocol by now. */
  get switched(): boolean {
    return this.#switched;
  }

  sendHeaders(headers: HeaderList, end: boolean): void {
    if (this.#closed) return;
    this.#switched ||= headers.some(isSwitch);
    this.#http.sendHeaders(this.id, headers, end);
    if (end) this.#onEnded();
  }

  write(octets: Uint8Array): boolean {
    if (this.#closed || this.#ended) return true;
    this.#http.sendData(this.id, octets.slice(), false);
    return !this.#session.congested;
  }

  end(): void {
    if (this.#closed || this.#ended) return;
    this.#http.sendData(this.id, NOTHING, true);
    this.#onEnded();
  }

  endWith(trailers: HeaderList): void {
    if (this.#closed || this.#ended) return;
    this.#http.sendHeaders(this.id, trailers, true);
    this.#onEnded();
  }

  reset(): void {
    if (!this.#closed) this.#session.abandon(this.id);
  }

  dismiss(): void {
    this.#dismissed = true;
    this.end();
    if (this.#ended) this.reset();
  }

  pause(): void {
    this.inbox.pause();
  }

  resume(): void {
    this.inbox.resume();
  }

  #onEnded(): void {
    this.#ended = true;
    if (this.#dismissed) this.reset();
  }

  /** Called by the session: both halves have ended, or it is lost. */
  onClosed(): void {
    this.#closed = true;
    const { lost } = this;
    this.inbox.onClose(
      lost === undefined ? undefined : new ExchangeError(lost, this.id > 1),
    );
  }
}

const isSwitch = ([name, value]: HeaderField): boolean =>
  name === ":status" && value === "101";

const NOTHING = new Uint8Array(0);
