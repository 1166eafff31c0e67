import { joined } from "../base/octets.ts";
import type { ByteReceiver, ByteStream } from "./byte_stream.ts";
import { WrappedStream } from "./wrapped_stream.ts";

/** Most octets that may be looked at before a decision falls: one TLS record. */
export const PEEK_MAX = 16_384;

/**
 * A stream whose first octets are looked at before somebody takes it; whoever
 * does sees them again.
 */
export class PeekedStream extends WrappedStream {
  #receiver: ByteReceiver | undefined;
  #early: ((receiver: ByteReceiver) => void)[] = [];
  #first = new Uint8Array(0);
  #onFirst: ((octets: Uint8Array, over: boolean) => void) | undefined;
  #over = false;

  constructor(stream: ByteStream) {
    super(stream);
    stream.attach({
      onData: (octets) => {
        this.#peek(octets);
        // Nobody has it yet, so nobody bounds it: enough is enough.
        const wanted = this.#onFirst !== undefined;
        if (this.#receiver === undefined && !wanted) stream.pause();
        const taken = this.#receiver === undefined ? octets.slice() : octets;
        this.#tell((receiver) => receiver.onData(taken));
      },
      onEnd: () => {
        this.#over = true;
        this.#tell((receiver) => receiver.onEnd());
        this.#onFirst?.(this.#first, true);
      },
      onDrain: () => this.#receiver?.onDrain(),
      onClose: (error) => {
        this.#over = true;
        this.#tell((receiver) => receiver.onClose(error));
        this.#onFirst?.(this.#first, true);
      },
    });
  }

  /**
   * Asks `verdict` about the first octets, again with each that comes, until it
   * has one.
   *
   * @param verdict undefined as long as more octets could tell.
   * @param timeoutMs After that, or at so many octets or the end, undefined.
   * @param octetsMax At most and by default {@link PEEK_MAX}.
   */
  decide<T>(
    verdict: (octets: Uint8Array) => T | undefined,
    timeoutMs: number,
    octetsMax = PEEK_MAX,
  ): Promise<T | undefined> {
    return new Promise((resolve) => {
      const settle = (found: T | undefined) => {
        clearTimeout(timer);
        this.#onFirst = undefined;
        resolve(found);
      };
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      this.#onFirst = (first, over) => {
        const octets = first.subarray(0, octetsMax);
        const found = octets.length === 0 ? undefined : verdict(octets);
        if (found !== undefined || over || octets.length >= octetsMax) {
          settle(found);
        }
      };
      this.#onFirst(this.#first, this.#over);
      if (this.#onFirst !== undefined) this.inner.resume();
    });
  }

  override attach(receiver: ByteReceiver): void {
    this.#receiver = receiver;
    this.inner.resume();
    for (const tell of this.#early.splice(0)) tell(receiver);
  }

  #peek(octets: Uint8Array): void {
    if (this.#onFirst === undefined && this.#receiver !== undefined) return;
    if (this.#first.length < PEEK_MAX) {
      const more = octets.subarray(0, PEEK_MAX - this.#first.length);
      this.#first = joined([this.#first, more]);
    }
    this.#onFirst?.(this.#first, false);
  }

  #tell(what: (receiver: ByteReceiver) => void): void {
    if (this.#receiver === undefined) this.#early.push(what);
    else what(this.#receiver);
  }
}
