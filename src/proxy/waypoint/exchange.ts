/** One request and its response, between a client and one backend after another. */
import type { MessageStream } from "../../net/message_stream.ts";
import { Attempt, type AttemptEnd, type AttemptOptions } from "./attempt.ts";
import type { ExchangeWatcher } from "./grpc_tally.ts";
import type { Mirror } from "./mirror.ts";
import { RequestBody } from "./request_body.ts";

/**
 * Joins a client's stream with that of a backend. The client is listened to
 * from the start, so that its leaving shows; its body waits for a backend.
 */
export class HttpExchange {
  readonly #client: MessageStream;
  readonly #hasBody: boolean;
  readonly #watcher: ExchangeWatcher | undefined;
  readonly #body = new RequestBody();
  #attempt: Attempt | undefined;
  #clientGone = false;

  /** @param hasBody Whether anything follows the request's head. */
  constructor(
    client: MessageStream,
    hasBody: boolean,
    watcher?: ExchangeWatcher,
  ) {
    this.#client = client;
    this.#hasBody = hasBody;
    this.#watcher = watcher;
    client.pause();
    client.attach({
      onHeaders: (headers) => this.#body.end(headers),
      onData: (octets) => {
        watcher?.onRequestData(octets);
        if (!this.#body.write(octets)) client.pause();
      },
      onEnd: () => this.#onEnd(),
      onDrain: () => this.#attempt?.resume(),
      onClose: (error) => {
        if (error !== undefined) this.#onGone();
      },
    });
  }

  get requestOctets(): number {
    return this.#body.octets;
  }

  get responseOctets(): number {
    return this.#attempt?.octets ?? 0;
  }

  /** Whether another backend could be sent the same. */
  get repeatable(): boolean {
    return this.#body.whole && !this.#clientGone;
  }

  get clientGone(): boolean {
    return this.#clientGone;
  }

  /** Sends a copy of the body, too; without one the copy ends at once. */
  mirror(mirror: Mirror): void {
    if (this.#hasBody) this.#body.mirrorTo(mirror);
    else mirror.end(undefined);
  }

  /** Carries the exchange with one backend, whose head has been sent. */
  async attempt(
    upstream: MessageStream,
    options: Omit<AttemptOptions, "onBodyUnwanted" | "watcher">,
  ): Promise<AttemptEnd> {
    if (this.#clientGone) {
      upstream.reset();
      return { how: "client-gone" };
    }
    const attempt = new Attempt(this.#client, upstream, {
      ...options,
      accept: (headers) => {
        const accepted = options.accept(headers);
        if (accepted !== undefined) this.#body.forget();
        return accepted;
      },
      onBodyUnwanted: () => this.#dismiss(),
      watcher: this.#watcher,
    });
    this.#attempt = attempt;
    attempt.start();
    if (this.#body.flowTo(upstream)) this.#client.resume();
    const end = await attempt.ended;
    if (end.how !== "answered") this.#detach();
    return end;
  }

  #detach(): void {
    this.#client.pause();
    this.#body.detach();
  }

  /** Without a body, only an upgraded connection has anything to end. */
  #onEnd(): void {
    const switched = this.#attempt?.switched === true;
    if (this.#hasBody || switched) this.#body.end(undefined);
  }

  /** The client has its whole answer, and nobody reads what it still sends. */
  #dismiss(): void {
    const unread = this.#hasBody || this.#attempt?.switched === true;
    if (unread && !this.#body.ended) this.#client.dismiss();
  }

  #onGone(): void {
    this.#clientGone = true;
    this.#body.drop();
    this.#attempt?.clientGone();
  }
}
