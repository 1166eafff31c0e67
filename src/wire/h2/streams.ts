import { RESET_STREAMS_REMEMBERED_MAX } from "./limits.ts";
import type { Stream, StreamId } from "./stream.ts";

/** What a stream identifier stands for now. */
export type Lookup = Stream | "idle" | "closed" | "resetByUs";

/** The streams of a connection. Only clients open any: push is refused. */
export class StreamTable {
  readonly #open = new Map<number, Stream>();
  /** Closed normally while the application still holds received octets. */
  readonly #lingering = new Map<number, Stream>();
  readonly #resetByUs = new Set<number>();
  /** Highest identifier in use so far. */
  #last = 0;

  /** Streams that are open or half closed. */
  get size(): number {
    return this.#open.size;
  }

  /** Highest identifier that is no longer idle; 0 at first. */
  get last(): number {
    return this.#last;
  }

  /** The identifier for openStream(); undefined when none is left. */
  next(): StreamId | undefined {
    const id = this.#last === 0 ? 1 : this.#last + 2;
    return id < 2 ** 31 ? id as StreamId : undefined;
  }

  /** Marks an identifier, and all below it, as no longer idle. */
  reach(id: StreamId): void {
    this.#last = id;
  }

  add(stream: Stream): void {
    this.#open.set(stream.id, stream);
  }

  get(id: number): Stream | undefined {
    return this.#open.get(id);
  }

  /** The stream whose octets release() gives back. */
  getHolding(id: number): Stream | undefined {
    return this.#open.get(id) ?? this.#lingering.get(id);
  }

  lookUp(id: number): Lookup {
    const stream = this.#open.get(id);
    if (stream !== undefined) return stream;
    if (id % 2 === 0 || id > this.#last) return "idle";
    return this.#resetByUs.has(id) ? "resetByUs" : "closed";
  }

  /** Takes a stream out; it lingers when it ended with octets held. */
  remove(stream: Stream, lingers: boolean): void {
    stream.gone = true;
    this.#open.delete(stream.id);
    if (lingers) this.#lingering.set(stream.id, stream);
  }

  /** Forgets a stream whose octets were all released. */
  forget(stream: Stream): void {
    this.#lingering.delete(stream.id);
  }

  /** Remembers that frames still on their way to `id` are to be dropped. */
  rememberReset(id: number): void {
    if (this.#resetByUs.size >= RESET_STREAMS_REMEMBERED_MAX) {
      const [oldest] = this.#resetByUs;
      this.#resetByUs.delete(oldest!);
    }
    this.#resetByUs.add(id);
  }

  /** The streams as they are now; handlers may close some meanwhile. */
  snapshot(): Stream[] {
    return [...this.#open.values()];
  }
}
