import { messageOf } from "../base/errors.ts";
import {
  H2Code,
  H2Connection,
  type H2Handlers,
  type HeaderList,
  recycleOutput,
  type StreamId,
} from "../wire/h2/mod.ts";
import { TunnelError } from "./errors.ts";
import type { Transport } from "./transport.ts";
import { H2Stream, type StreamCarrier, StreamResetError } from "./h2_stream.ts";
import {
  H2_PREFACE_MS,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
  TURN_OUTPUT_MAX,
} from "./limits.ts";

export interface H2SessionOptions {
  readonly role: "client" | "server";
  /** Windows and frame size in octets. */
  readonly http2: {
    readonly streamWindow: number;
    readonly connectionWindow: number;
    readonly frameSize: number;
  };
  readonly maxConcurrentStreams?: number;
  readonly maxHeaderListSize?: number;
  /** Server: whether CONNECT may name a protocol (RFC 8441). Default false. */
  readonly extendedConnect?: boolean;
  /** Default {@link SESSION_LIMITS}. */
  readonly limits?: SessionLimits;
  /** Server: a request came. `end` says that it has no body. */
  onRequest?(stream: H2Stream, headers: HeaderList, end: boolean): void;
  /** A stream is over: there is room for another. */
  onStreamClosed?(): void;
  /** The peer will take no new streams. */
  onGoAway?(): void;
  /** The session is over; the last call. */
  onClosed?(reason: Error | undefined): void;
}

/** How long a session waits, in milliseconds. */
export interface SessionLimits {
  readonly prefaceMs: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
}

export const SESSION_LIMITS: SessionLimits = {
  prefaceMs: H2_PREFACE_MS,
  pingIntervalMs: PING_INTERVAL_MS,
  pingTimeoutMs: PING_TIMEOUT_MS,
};

/**
 * An HTTP/2 connection over a transport, which it owns: moves octets between
 * the two, keeps the peer alive by PING, and gives each stream as a
 * {@link H2Stream}. All output of one turn leaves in one write.
 */
export class H2Session implements StreamCarrier {
  readonly h2: H2Connection;
  readonly #transport: Transport;
  readonly #options: H2SessionOptions;
  readonly #limits: SessionLimits;
  readonly #streams = new Map<StreamId, H2Stream>();
  #congested = false;
  #flushing = false;
  #closed = false;
  #ending = false;
  /** All has been said: what is left goes out, and what comes is not read. */
  #finishing = false;
  #why: Error | undefined;
  #timer: ReturnType<typeof setTimeout>;
  /** The peer's first SETTINGS came, or never will. */
  readonly #greeted = Promise.withResolvers<void>();

  constructor(transport: Transport, options: H2SessionOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#limits = options.limits ?? SESSION_LIMITS;
    const { http2, maxConcurrentStreams, maxHeaderListSize } = options;
    const { extendedConnect = false } = options;
    this.h2 = new H2Connection(options.role, this.#handlers(), {
      now: () => performance.now(),
      streamWindow: http2.streamWindow,
      connectionWindow: http2.connectionWindow,
      frameLengthMax: http2.frameSize,
      extendedConnect,
      ...(maxConcurrentStreams === undefined
        ? {}
        : { concurrentStreamsMax: maxConcurrentStreams }),
      ...(maxHeaderListSize === undefined
        ? {}
        : { headerListSizeMax: maxHeaderListSize }),
    });
    this.#timer = setTimeout(
      () => this.destroy(new TunnelError("http2", "http2 handshake timed out")),
      this.#limits.prefaceMs,
    );
    this.#listen();
    this.#schedule();
  }

  /** Also while enough for one turn is said: what comes then waits behind it. */
  get congested(): boolean {
    return this.#congested || this.#saidEnough;
  }

  get #saidEnough(): boolean {
    return this.h2.outputLength >= TURN_OUTPUT_MAX;
  }

  /** Streams that count against limits. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** Whether nothing can be done with it any more; it may still be flushing. */
  get closed(): boolean {
    return this.#closed || this.#finishing;
  }

  /**
   * Opens a stream with a request.
   *
   * @param end True when no body follows. Default false.
   * @returns undefined when the peer's limit or GOAWAY forbids one.
   */
  open(headers: HeaderList, end = false): H2Stream | undefined {
    if (this.#closed || this.#ending) return undefined;
    const id = this.h2.openStream(headers, end);
    if (id === undefined) return undefined;
    const stream = new H2Stream(id, this, end);
    this.#streams.set(id, stream);
    return stream;
  }

  /** Whether CONNECT may name a protocol, as the peer's first SETTINGS say. */
  async takesExtendedConnect(): Promise<boolean> {
    await this.#greeted.promise;
    return this.h2.peerSettings.extendedConnect;
  }

  /** Refuses new streams; the session closes when those in progress end. */
  drain(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.h2.drain();
  }

  /** Drops the session and everything on it. */
  destroy(reason?: Error): void {
    if (this.#closed) return;
    this.#why ??= reason;
    this.h2.goAway(H2Code.NO_ERROR);
    this.#flush();
    this.#transport.destroy();
    this.#onTransportClose();
  }

  #listen(): void {
    this.#transport.attach({
      onData: (octets) => this.#receive(octets),
      onDrain: () => this.#onDrain(),
      // HTTP/2 has no half-closed connections: an end is the end.
      onEnd: () => this.#transport.destroy(),
      onClose: (error) => {
        if (error !== undefined) {
          this.#why ??= new TunnelError(
            "http2",
            `io error: ${messageOf(error)}`,
          );
        }
        this.#onTransportClose();
      },
    });
  }

  #receive(octets: Uint8Array): void {
    if (this.#finishing) return;
    let error: Error | undefined;
    try {
      error = this.h2.receive(octets);
    } catch (bug) {
      error = new TunnelError("http2", `h2 failed: ${messageOf(bug)}`);
    }
    if (error === undefined) return;
    this.#why ??= error;
    this.#finish(); // with the GOAWAY that says why
  }

  #handlers(): H2Handlers {
    return {
      onHeaders: (id, headers, kind, end) => {
        if (kind === "request") {
          const stream = new H2Stream(id, this);
          this.#streams.set(id, stream);
          this.#options.onRequest?.(stream, headers, end);
        } else {
          this.#streams.get(id)?.onHeaders(headers, kind, end);
        }
        if (end) this.#streams.get(id)?.onEnd();
      },
      onData: (id, octets, end) => {
        const stream = this.#streams.get(id);
        if (stream === undefined) return;
        if (octets.length > 0) stream.onData(octets);
        if (end) stream.onEnd();
      },
      onReset: (id, code) => this.#closeStream(id, new StreamResetError(code)),
      onWritable: (id) => this.#streams.get(id)?.onWindow(),
      onGoAway: () => {
        this.#ending = true;
        this.#options.onGoAway?.();
      },
      onFinished: () => this.#finish(),
      onPong: () => this.#restTimer(),
      onSettings: () => {
        this.#greeted.resolve();
        this.#restTimer();
      },
      onClosed: (id) => this.#closeStream(id, undefined),
      onOutput: () => this.#schedule(),
    };
  }

  #closeStream(id: StreamId, error: Error | undefined): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    stream.onClosed(error);
    this.#options.onStreamClosed?.();
  }

  /** Nothing more will be said after what waits to be written. */
  #finish(): void {
    if (this.#closed || this.#finishing) return;
    this.#finishing = true;
    this.#ending = true;
    clearTimeout(this.#timer);
    // All of it, congested or not: windows have bounded it.
    const rest = this.h2.takeOutput();
    if (rest.length > 0) this.#transport.write(rest);
    this.#transport.finish();
    this.#closeStreams();
  }

  /** Next: another PING. */
  #restTimer(): void {
    if (this.closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#ping(),
      this.#limits.pingIntervalMs,
    );
  }

  /** Next: the answer, or the end. */
  #ping(): void {
    this.h2.ping(0);
    this.#timer = setTimeout(
      () => this.destroy(new TunnelError("http2", "HBONE ping timeout")),
      this.#limits.pingTimeoutMs,
    );
  }

  #schedule(): void {
    if (this.#flushing || this.closed) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #onDrain(): void {
    this.#congested = false;
    this.#flush();
    this.#tellStreams();
  }

  /** Has those go on who were told to wait. */
  #tellStreams(): void {
    if (this.#congested) return;
    for (const stream of [...this.#streams.values()]) stream.onUncongested();
  }

  /** While the transport is full the output stays inside, where its limits count it. */
  #flush(): void {
    if (this.#congested || this.closed) return;
    const someWait = this.#saidEnough;
    const chunks = this.h2.takeOutput();
    if (chunks.length === 0) return;
    const recycle = () => recycleOutput(chunks);
    this.#congested = !this.#transport.write(chunks, recycle);
    if (someWait) this.#tellStreams();
  }

  #onTransportClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#closeStreams();
    this.#options.onClosed?.(this.#why);
  }

  #closeStreams(): void {
    this.#greeted.resolve();
    const reason = this.#why ?? new TunnelError("http2", "connection closed");
    for (const stream of [...this.#streams.values()]) stream.onClosed(reason);
    this.#streams.clear();
  }
}
