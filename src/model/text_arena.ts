/**
 * Pairs of a key and a text, by number, outside of the heap of the language: a
 * garbage collector has nothing to walk through, however many there are.
 *
 * Each pair is written behind the one before, into chunks. A chunk of which most
 * is no longer needed is given up; what is left in it is written anew.
 */
export class TextArena {
  readonly #chunks: (Chunk | undefined)[] = [];
  readonly #freeChunks: number[] = [];
  /** Where each pair is; {@link NOWHERE} where there is none. */
  readonly #places: number[] = [];
  #newest = 0;

  /** Octets that the chunks take up. */
  get octets(): number {
    return this.#chunks.reduce(
      (sum, chunk) => sum + (chunk?.octets.length ?? 0),
      0,
    );
  }

  /** Keeps a pair in the place of the one that had this number. */
  put(at: number, key: string, text: string): void {
    this.delete(at);
    const { octets, keyLength, length } = encodePair(key, text);
    this.#places[at] = this.#append(at, octets, keyLength, length);
  }

  has(at: number): boolean {
    return (this.#places[at] ?? NOWHERE) !== NOWHERE;
  }

  keyAt(at: number): string {
    const { octets, start, middle } = this.#bounds(at);
    return DECODER.decode(octets.subarray(start, middle));
  }

  textAt(at: number): string {
    const { octets, middle, end } = this.#bounds(at);
    return DECODER.decode(octets.subarray(middle, end));
  }

  hasKey(at: number, key: string): boolean {
    const { octets, start, middle } = this.#bounds(at);
    if (middle - start < key.length) return false;
    for (let unit = 0; unit < key.length; unit++) {
      const code = key.charCodeAt(unit);
      if (code >= 0x80) return this.keyAt(at) === key;
      if (octets[start + unit] !== code) return false;
    }
    return middle - start === key.length;
  }

  /** Forgets a pair, if there is one. */
  delete(at: number): void {
    if (!this.has(at)) return;
    const { chunk, id, start, end } = this.#bounds(at);
    this.#places[at] = NOWHERE;
    chunk.live -= end - start + HEADER_OCTETS;
    if (id !== this.#newest) this.#tidy(id);
  }

  #append(
    at: number,
    octets: Uint8Array,
    keyLength: number,
    length: number,
  ): number {
    const needed = HEADER_OCTETS + length;
    const before = this.#newest;
    const { id, chunk } = this.#chunkWith(needed);
    const offset = chunk.used;
    chunk.view.setUint32(offset, at);
    chunk.view.setUint32(offset + 4, keyLength);
    chunk.view.setUint32(offset + 8, length);
    chunk.octets.set(octets.subarray(0, length), offset + HEADER_OCTETS);
    chunk.used += needed;
    chunk.live += needed;
    if (id !== before) this.#tidy(before);
    return id * PLACES_PER_CHUNK + offset;
  }

  /** The newest chunk, if there is that much room behind what it holds, else a new one. */
  #chunkWith(room: number): { id: number; chunk: Chunk } {
    const newest = this.#chunks[this.#newest];
    if (newest !== undefined && newest.octets.length - newest.used >= room) {
      return { id: this.#newest, chunk: newest };
    }
    const octets = new Uint8Array(Math.max(CHUNK_OCTETS, room));
    const view = new DataView(octets.buffer);
    const chunk = { octets, view, used: 0, live: 0 };
    const id = this.#freeChunks.pop() ?? this.#chunks.length;
    this.#chunks[id] = chunk;
    this.#newest = id;
    return { id, chunk };
  }

  /** Gives a chunk up of which most is not needed. */
  #tidy(id: number): void {
    const chunk = this.#chunks[id];
    if (chunk === undefined || chunk.live * 2 >= chunk.used) return;
    for (let offset = 0; offset < chunk.used;) {
      const at = chunk.view.getUint32(offset);
      const keyLength = chunk.view.getUint32(offset + 4);
      const length = chunk.view.getUint32(offset + 8);
      const start = offset + HEADER_OCTETS;
      if (this.#places[at] === id * PLACES_PER_CHUNK + offset) {
        const pair = chunk.octets.subarray(start, start + length);
        this.#places[at] = this.#append(at, pair, keyLength, length);
      }
      offset = start + length;
    }
    this.#chunks[id] = undefined;
    this.#freeChunks.push(id);
  }

  /** @throws {RangeError} when there is no pair. */
  #bounds(at: number) {
    const place = this.#places[at] ?? NOWHERE;
    const id = Math.floor(place / PLACES_PER_CHUNK);
    const chunk = this.#chunks[id];
    if (chunk === undefined) throw new RangeError(`no text has number ${at}`);
    const offset = place - id * PLACES_PER_CHUNK;
    const start = offset + HEADER_OCTETS;
    return {
      ...{ id, chunk, octets: chunk.octets, start },
      middle: start + chunk.view.getUint32(offset + 4),
      end: start + chunk.view.getUint32(offset + 8),
    };
  }
}

interface Chunk {
  readonly octets: Uint8Array;
  readonly view: DataView;
  /** Octets that are written. */
  used: number;
  /** Of them, those that are needed. */
  live: number;
}

/**
 * Of one chunk, in octets; a pair that is larger has one of its own. Own choice:
 * the kernel gives it page by page, and giving it up takes a fraction of a
 * millisecond.
 */
const CHUNK_OCTETS = 256 * 1024;

/** In front of a pair: its number, the length of its key, and that of both. */
const HEADER_OCTETS = 12;

/** More than a chunk has octets at which a pair can begin. */
const PLACES_PER_CHUNK = CHUNK_OCTETS;

const NOWHERE = -1;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reused from one pair to the next. */
const SCRATCH = new Uint8Array(64 * 1024);

/** Octets of one unit of a text, at most. */
const OCTETS_PER_UNIT = 3;

/** Both in UTF-8, one behind the other; good until the next call. */
function encodePair(key: string, text: string) {
  const most = (key.length + text.length) * OCTETS_PER_UNIT;
  const octets = most <= SCRATCH.length ? SCRATCH : new Uint8Array(most);
  const { written: keyLength } = ENCODER.encodeInto(key, octets);
  const { written } = ENCODER.encodeInto(text, octets.subarray(keyLength));
  return { octets, keyLength, length: keyLength + written };
}
