import type { HeaderList } from "../wire/h2/mod.ts";
import type { MessageReceiver, MessageStream } from "./message_stream.ts";
import { joined } from "../base/octets.ts";

/** What was read of a body before anybody took it. */
export type ReadAhead =
  | {
    readonly how: "read";
    /** At least as many as were asked for, unless that is all there is. */
    readonly octets: Uint8Array;
    readonly isWhole: boolean;
  }
  /** The peer left in the middle. */
  | { readonly how: "gone" }
  /** It did not come in time. */
  | { readonly how: "late" };

/**
 * A message whose body is read before somebody takes it; whoever does sees all
 * of it. No more is held than was asked for and what was on its way by then.
 */
export class HeldStream implements MessageStream {
  readonly #stream: MessageStream;
  #receiver: MessageReceiver | undefined;
  #early: ((receiver: MessageReceiver) => void)[] = [];
  #chunks: Uint8Array[] = [];
  #length = 0;
  #ended = false;
  #closed = false;
  /** Asked for by whoever takes the message. */
  #paused = false;
  #onProgress: (() => void) | undefined;

  constructor(stream: MessageStream) {
    this.#stream = stream;
    stream.attach({
      onHeaders: (headers, kind, end) =>
        this.#tell((receiver) => receiver.onHeaders?.(headers, kind, end)),
      onData: (octets) => this.#take(octets),
      onEnd: () => {
        this.#ended = true;
        this.#tell((receiver) => receiver.onEnd());
      },
      onDrain: () => this.#receiver?.onDrain(),
      onClose: (error) => {
        this.#closed = true;
        this.#tell((receiver) => receiver.onClose(error));
      },
    });
    stream.pause();
  }

  /**
   * Reads on until there are that many octets of the body, or all of it. Asked
   * again, it gives what it gave before and more.
   */
  readAhead(octets: number, timeoutMs: number): Promise<ReadAhead> {
    return new Promise((resolve) => {
      const settle = (read: ReadAhead) => {
        clearTimeout(timer);
        this.#onProgress = undefined;
        this.#stream.pause();
        resolve(read);
      };
      const timer = setTimeout(() => settle({ how: "late" }), timeoutMs);
      this.#onProgress = () => {
        const read = this.#readSoFar(octets);
        if (read !== undefined) settle(read);
      };
      this.#stream.resume();
      this.#onProgress?.();
    });
  }

  attach(receiver: MessageReceiver): void {
    this.#receiver = receiver;
    this.#chunks = [];
    if (!this.#paused) this.#stream.resume();
    for (const tell of this.#early.splice(0)) tell(receiver);
  }

  sendHeaders(headers: HeaderList, end: boolean): void {
    this.#stream.sendHeaders(headers, end);
  }

  write(octets: Uint8Array): boolean {
    return this.#stream.write(octets);
  }

  end(): void {
    this.#stream.end();
  }

  endWith(trailers: HeaderList): void {
    this.#stream.endWith(trailers);
  }

  reset(): void {
    this.#stream.reset();
  }

  dismiss(): void {
    this.#stream.dismiss();
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#stream.resume();
  }

  #take(octets: Uint8Array): void {
    if (this.#receiver !== undefined) return this.#receiver.onData(octets);
    // Credit goes back for it, so that whoever owns the memory may use it again.
    const chunk = octets.slice();
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#tell((receiver) => receiver.onData(chunk));
  }

  #tell(what: (receiver: MessageReceiver) => void): void {
    if (this.#receiver !== undefined) return what(this.#receiver);
    this.#early.push(what);
    this.#onProgress?.();
  }

  #readSoFar(wanted: number): ReadAhead | undefined {
    if (this.#ended || this.#length >= wanted) {
      return {
        how: "read",
        octets: joined(this.#chunks),
        isWhole: this.#ended,
      };
    }
    return this.#closed ? { how: "gone" } : undefined;
  }
}
