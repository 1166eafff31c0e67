import type { HeaderList } from "../../model/http.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { MIRROR_ANSWER_MS, MIRROR_WAITING_MAX } from "./limits.ts";

/**
 * A copy of a request for a backend whose answer is read away. It never holds
 * up the request itself: a backend that cannot keep up loses its copy.
 */
export class Mirror {
  readonly #waiting: Uint8Array[] = [];
  #waitingOctets = 0;
  #stream: MessageStream | undefined;
  #full = false;
  #end: { readonly trailers: HeaderList | undefined } | undefined;
  #over = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The connection is there, and the head has been sent. */
  start(stream: MessageStream): void {
    if (this.#over) return stream.reset();
    this.#stream = stream;
    stream.attach({
      onData() {},
      onEnd() {},
      onDrain: () => this.#onDrain(),
      onClose: () => this.#stop(),
    });
    this.#flush();
  }

  write(octets: Uint8Array): void {
    if (this.#over) return;
    this.#waiting.push(octets.slice()); // the request itself may be done with it
    this.#waitingOctets += octets.length;
    this.#flush();
    if (this.#waitingOctets > MIRROR_WAITING_MAX) this.drop();
  }

  end(trailers: HeaderList | undefined): void {
    this.#end = { trailers };
    this.#flush();
  }

  /** Gives the copy up. */
  drop(): void {
    this.#stop();
    this.#stream?.reset();
  }

  #stop(): void {
    this.#over = true;
    this.#waiting.length = 0;
    clearTimeout(this.#timer);
  }

  #onDrain(): void {
    this.#full = false;
    this.#flush();
  }

  #flush(): void {
    const stream = this.#stream;
    if (stream === undefined || this.#over) return;
    while (!this.#full && this.#waiting.length > 0) {
      const octets = this.#waiting.shift()!;
      this.#waitingOctets -= octets.length;
      this.#full = !stream.write(octets);
    }
    if (this.#waiting.length === 0) this.#sendEnd(stream);
  }

  #sendEnd(stream: MessageStream): void {
    if (this.#end === undefined || this.#timer !== undefined) return;
    const { trailers } = this.#end;
    if (trailers === undefined) stream.end();
    else stream.endWith(trailers);
    this.#timer = setTimeout(() => this.drop(), MIRROR_ANSWER_MS);
  }
}
