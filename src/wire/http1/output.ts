import { assert } from "../../base/assert.ts";
import { DATA_COPY_MAX, SCRATCH_OCTETS } from "./limits.ts";
import { CR, LF } from "./octets.ts";

/** Room for the longest chunk size line and the line end of a chunk. */
const CHUNK_FRAMING_OCTETS = 32;

/**
 * Octets on their way out. Small ones are gathered in a scratch buffer, bodies
 * are kept by reference. A buffer handed out is never written to again.
 */
export class Output {
  #chunks: Uint8Array[] = [];
  #scratch = new Uint8Array(SCRATCH_OCTETS);
  /** Start of what is in the scratch buffer and in no chunk yet. */
  #from = 0;
  #at = 0;
  #length = 0;

  /** Octets that wait to be taken. */
  get length(): number {
    return this.#length;
  }

  /** Removes and returns everything, in order. */
  take(): Uint8Array[] {
    this.#cut();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    return chunks;
  }

  /**
   * Makes room for a head. It counts only when commit() follows at once.
   *
   * @returns where to write it.
   */
  reserve(length: number): { into: Uint8Array; at: number } {
    if (this.#scratch.length - this.#at < length) {
      this.#cut();
      this.#scratch = new Uint8Array(Math.max(SCRATCH_OCTETS, length));
      this.#from = 0;
      this.#at = 0;
    }
    return { into: this.#scratch, at: this.#at };
  }

  /** Adds what was written from the reserved place up to `end`. */
  commit(end: number): void {
    assert(end >= this.#at && end <= this.#scratch.length, "commit() off");
    this.#length += end - this.#at;
    this.#at = end;
  }

  /** Adds octets of a body, which must not change until they were written. */
  octets(octets: Uint8Array): void {
    const { length } = octets;
    if (length === 0) return;
    if (length <= DATA_COPY_MAX) {
      const { into, at } = this.reserve(length);
      into.set(octets, at);
      this.commit(at + length);
      return;
    }
    this.#cut();
    this.#chunks.push(octets);
    this.#length += length;
  }

  /** Adds octets as one chunk of a chunked body. */
  chunk(octets: Uint8Array): void {
    const { length } = octets;
    if (length === 0) return; // It would end the body.
    const room = length <= DATA_COPY_MAX ? length : 0;
    this.reserve(room + CHUNK_FRAMING_OCTETS);
    this.ascii(`${length.toString(16)}\r\n`);
    this.octets(octets);
    this.#scratch[this.#at] = CR;
    this.#scratch[this.#at + 1] = LF;
    this.commit(this.#at + 2);
  }

  /** Adds short text of ASCII. */
  ascii(text: string): void {
    const { into, at } = this.reserve(text.length);
    for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i);
    this.commit(at + text.length);
  }

  /** Makes a chunk of what was gathered. */
  #cut(): void {
    if (this.#at === this.#from) return;
    this.#chunks.push(this.#scratch.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }
}
