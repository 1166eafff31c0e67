import type { HeaderList } from "../../model/http.ts";
import type { ExchangeWatcher } from "./grpc_tally.ts";
import type { AnswerKind, MessageStream } from "../../net/message_stream.ts";

/** Who did not let a response come to its end. */
export type CutBy = "client" | "backend" | "timeout";

/** How one attempt at a backend ended. */
export type AttemptEnd =
  /** The response went to the client, whole or as far as it came. */
  | {
    readonly how: "answered";
    readonly status: number;
    readonly cut: CutBy | undefined;
  }
  /** There is a response, and it was not wanted. */
  | { readonly how: "declined"; readonly headers: HeaderList }
  /** No response came. */
  | { readonly how: "broken"; readonly error: Error | undefined }
  | { readonly how: "timeout" }
  /** The client left before there was a response. */
  | { readonly how: "client-gone" };

export interface AttemptOptions {
  /** Until the response begins. undefined: no limit. */
  readonly attemptMs: number | undefined;
  /** Until it has ended; not of an upgraded connection. */
  readonly requestMs: number | undefined;
  /** Looks at a response before the client does; undefined declines it. */
  accept(headers: HeaderList): HeaderList | undefined;
  /** The backend is gone, and the client may still be sending to it. */
  onBodyUnwanted(): void;
  /** Told of what the client is sent. Default: nobody. */
  readonly watcher?: Omit<ExchangeWatcher, "onRequestData"> | undefined;
}

const SWITCHED = 101;

/** The response of one backend on its way to the client. */
export class Attempt {
  readonly #client: MessageStream;
  readonly #upstream: MessageStream;
  readonly #options: AttemptOptions;
  readonly #settled = Promise.withResolvers<AttemptEnd>();
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #over = false;
  #status: number | undefined;
  #ended = false;
  octets = 0;

  constructor(
    client: MessageStream,
    upstream: MessageStream,
    options: AttemptOptions,
  ) {
    this.#client = client;
    this.#upstream = upstream;
    this.#options = options;
  }

  get ended(): Promise<AttemptEnd> {
    return this.#settled.promise;
  }

  /** A 101 was passed on: the octets are another protocol's. */
  get switched(): boolean {
    return this.#status === SWITCHED;
  }

  start(): void {
    const { attemptMs, requestMs } = this.#options;
    if (attemptMs !== undefined) {
      this.#timers.push(setTimeout(() => this.#onAttemptTime(), attemptMs));
    }
    if (requestMs !== undefined) {
      this.#timers.push(setTimeout(() => this.#onRequestTime(), requestMs));
    }
    this.#upstream.attach({
      onHeaders: (headers, kind, end) => this.#onHeaders(headers, kind, end),
      onData: (octets) => this.#onData(octets),
      onEnd: () => this.#onEnd(),
      onDrain: () => this.#client.resume(),
      onClose: (error) => this.#onClose(error),
    });
  }

  /** The client has room again. */
  resume(): void {
    this.#upstream.resume();
  }

  clientGone(): void {
    const status = this.#status;
    this.#upstream.reset();
    this.#settle(
      status === undefined
        ? { how: "client-gone" }
        : { how: "answered", status, cut: "client" },
    );
  }

  #onHeaders(headers: HeaderList, kind: AnswerKind, end: boolean): void {
    if (this.#over) return;
    switch (kind) {
      case "informational":
        return this.#client.sendHeaders(headers, false);
      case "trailers":
        this.#options.watcher?.onResponseTrailers(headers);
        return this.#client.endWith(headers);
      case "response":
        return this.#onResponse(headers, end);
    }
  }

  #onResponse(headers: HeaderList, end: boolean): void {
    const accepted = this.#options.accept(headers);
    if (accepted === undefined) return this.#fail({ how: "declined", headers });
    this.#status = Number(headers.find(([name]) => name === ":status")?.[1]);
    if (this.switched) this.#clearTimers();
    this.#client.sendHeaders(accepted, end);
  }

  #onData(octets: Uint8Array): void {
    if (this.#over) return;
    this.octets += octets.length;
    this.#options.watcher?.onResponseData(octets);
    if (!this.#client.write(octets)) this.#upstream.pause();
  }

  #onEnd(): void {
    const status = this.#status;
    if (status === undefined || this.#over) return;
    this.#ended = true;
    this.#client.end();
    // The other half of an upgraded connection goes on.
    if (this.switched) return;
    this.#settle({ how: "answered", status, cut: undefined });
  }

  #onClose(error: Error | undefined): void {
    const status = this.#status;
    if (status === undefined) return this.#fail({ how: "broken", error });
    if (!this.#ended) return this.#cut("backend");
    this.#options.onBodyUnwanted();
    this.#settle({ how: "answered", status, cut: undefined });
  }

  /** What has begun is given the rest of the request's time. */
  #onAttemptTime(): void {
    if (this.#status === undefined) this.#fail({ how: "timeout" });
  }

  #onRequestTime(): void {
    if (this.#status === undefined) this.#fail({ how: "timeout" });
    else this.#cut("timeout");
  }

  #cut(cut: CutBy): void {
    if (this.#over) return;
    this.#client.reset();
    this.#fail({ how: "answered", status: this.#status ?? 0, cut });
  }

  #fail(end: AttemptEnd): void {
    if (this.#over) return;
    this.#settle(end);
    this.#upstream.reset();
  }

  #settle(end: AttemptEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#clearTimers();
    this.#settled.resolve(end);
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
