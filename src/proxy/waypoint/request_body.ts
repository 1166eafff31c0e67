import type { HeaderList } from "../../model/http.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { REPLAY_MAX } from "./limits.ts";
import type { Mirror } from "./mirror.ts";

/**
 * What a client sends after a request's head, on its way to whichever backend is
 * tried and to mirrors. Kept from its beginning while it is short and no
 * response has begun, so that another backend can be tried.
 */
export class RequestBody {
  readonly #mirrors: Mirror[] = [];
  #sink: MessageStream | undefined;
  #kept: Uint8Array[] | undefined = [];
  #ended = false;
  #trailers: HeaderList | undefined;
  octets = 0;

  /** Whether there is nothing that a further backend would miss. */
  get whole(): boolean {
    return this.#kept !== undefined;
  }

  /** Whether the client has sent all of it. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Everything so far, and all that follows. */
  mirrorTo(mirror: Mirror): void {
    for (const octets of this.#kept ?? []) mirror.write(octets);
    if (this.#ended) mirror.end(this.#trailers);
    this.#mirrors.push(mirror);
  }

  /**
   * The same for a backend.
   *
   * @returns false when the client should pause.
   */
  flowTo(sink: MessageStream): boolean {
    this.#sink = sink;
    let room = true;
    for (const octets of this.#kept ?? []) room = sink.write(octets);
    this.#forgetIfLong();
    if (this.#ended) endSink(sink, this.#trailers);
    return room;
  }

  /** What comes is kept until there is another backend. */
  detach(): void {
    this.#sink = undefined;
  }

  /** No other backend will be tried. */
  forget(): void {
    this.#kept = undefined;
  }

  /** @returns as {@link RequestBody.flowTo}. */
  write(octets: Uint8Array): boolean {
    this.octets += octets.length;
    for (const mirror of this.#mirrors) mirror.write(octets);
    if (this.#sink !== undefined) this.#forgetIfLong();
    // What is kept is paid for: whoever owns the memory may use it again.
    this.#kept?.push(octets.slice());
    return this.#sink?.write(octets) ?? false;
  }

  end(trailers: HeaderList | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#trailers = trailers;
    for (const mirror of this.#mirrors) mirror.end(trailers);
    if (this.#sink !== undefined) endSink(this.#sink, trailers);
  }

  /** The client left. */
  drop(): void {
    for (const mirror of this.#mirrors) mirror.drop();
    this.#sink?.reset();
  }

  #forgetIfLong(): void {
    if (this.octets > REPLAY_MAX) this.#kept = undefined;
  }
}

function endSink(sink: MessageStream, trailers: HeaderList | undefined): void {
  if (trailers === undefined) sink.end();
  else sink.endWith(trailers);
}
