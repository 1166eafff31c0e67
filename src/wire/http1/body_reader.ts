import { type BodySink, ChunkReader } from "./chunk_reader.ts";
import { type Framing, NO_BODY } from "./framing.ts";
import { EMPTY } from "./octets.ts";

/** Reads the body of one message after the other. */
export class BodyReader {
  readonly #sink: BodySink;
  #framing: Framing = NO_BODY;
  #left = 0;
  readonly #chunks: ChunkReader;

  constructor(sink: BodySink) {
    this.#sink = sink;
    this.#chunks = new ChunkReader(sink);
  }

  /** Begins a body that is not empty. */
  start(framing: Framing): void {
    this.#framing = framing;
    if (framing.by === "length") this.#left = framing.octets;
  }

  /**
   * Reads on; not called after the end, where it stops.
   *
   * @returns the position behind what was read.
   * @throws {Http1Error} when the framing is broken.
   */
  read(octets: Uint8Array, from: number): number {
    switch (this.#framing.by) {
      case "length":
        return this.#readLength(octets, from);
      case "chunks":
        return this.#chunks.read(octets, from);
      case "close":
      case "nothing":
        this.#sink.onBody(octets.subarray(from), false);
        return octets.length;
    }
  }

  #readLength(octets: Uint8Array, from: number): number {
    const to = Math.min(octets.length, from + this.#left);
    this.#left -= to - from;
    this.#sink.onBody(octets.subarray(from, to), this.#left === 0);
    return to;
  }

  /**
   * The sender's half has ended.
   *
   * @returns false when the body is cut off.
   */
  end(): boolean {
    if (this.#framing.by !== "close") return false;
    this.#sink.onBody(EMPTY, true);
    return true;
  }
}
