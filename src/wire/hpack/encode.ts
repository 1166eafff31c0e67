import { EncoderTable } from "./encoder_table.ts";
import { fieldSize, type HeaderField, type HeaderList } from "./field.ts";
import { huffmanLength, writeHuffman } from "./huffman.ts";
import { type Indexing, usualIndexing } from "./indexing.ts";
import { writeInteger } from "./integer.ts";
import { writeLatin1 } from "./latin1.ts";
import {
  DECODER_TABLE_SIZE_MAX,
  ENCODER_TABLE_SIZE_MAX,
  INTEGER_OCTETS_MAX,
  SIZE_UPDATES_MAX,
} from "./limits.ts";
import { STATIC_NAMES } from "./static_table.ts";

/** First-octet pattern and prefix of each literal (RFC 7541, section 6.2). */
const LITERALS: Readonly<Record<Indexing, [pattern: number, bits: number]>> = {
  incremental: [0x40, 6],
  without: [0x00, 4],
  never: [0x10, 4],
};

/** A field that would take more than this part of the table is not added. */
const TABLE_SHARE_MAX = 0.75;

export interface HpackEncoderOptions {
  /** Octets of the dynamic table. Default 4_096, ENCODER_TABLE_SIZE_MAX. */
  tableSize?: number;
  /** Whether strings are Huffman-coded where that is no longer. Default true. */
  huffman?: boolean;
  /** How a field is represented. Default `usualIndexing`. */
  indexing?: (name: string, value: string) => Indexing;
}

/** Turns header lists into header blocks; one for each connection. */
export class HpackEncoder {
  readonly #table: EncoderTable;
  readonly #ownMax: number;
  readonly #huffman: boolean;
  readonly #indexing: (name: string, value: string) => Indexing;
  /** The smallest size set since the last block; undefined when unchanged. */
  #smallest: number | undefined;

  constructor(options: HpackEncoderOptions = {}) {
    this.#ownMax = options.tableSize ?? ENCODER_TABLE_SIZE_MAX;
    this.#huffman = options.huffman ?? true;
    this.#indexing = options.indexing ?? usualIndexing;
    this.#table = new EncoderTable(DECODER_TABLE_SIZE_MAX);
    this.setPeerTableSize(DECODER_TABLE_SIZE_MAX);
  }

  /** Octets that the dynamic table holds. */
  get tableSize(): number {
    return this.#table.size;
  }

  /** The dynamic table, newest first. */
  tableEntries(): HeaderField[] {
    return this.#table.entries();
  }

  /**
   * Takes the peer's SETTINGS_HEADER_TABLE_SIZE; the next block announces what
   * changed (RFC 7541, section 4.2).
   */
  setPeerTableSize(octets: number): void {
    const size = Math.min(octets, this.#ownMax);
    if (size === this.#table.sizeMax) return;
    this.#smallest = Math.min(this.#smallest ?? size, size);
    this.#table.resize(size);
  }

  /** Octets that the block of `fields` cannot exceed. */
  lengthMax(fields: HeaderList): number {
    let length = SIZE_UPDATES_MAX * INTEGER_OCTETS_MAX;
    for (const field of fields) {
      length += field[0].length + field[1].length + 3 * INTEGER_OCTETS_MAX;
    }
    return length;
  }

  /**
   * Writes one header block. Names must be lower case already.
   *
   * @param into Has `lengthMax(fields)` octets from `at` on.
   * @returns the position after the block.
   * @throws {AssertionError} for a code unit above 255; the encoder stays of
   *   use, and what it wrote must not be sent.
   */
  encode(fields: HeaderList, into: Uint8Array, at: number): number {
    try {
      if (this.#smallest !== undefined) at = this.#writeSizeUpdates(into, at);
      for (const field of fields) at = this.#writeField(field, into, at);
      return at;
    } catch (error) {
      this.#startOver();
      throw error;
    }
  }

  // The peer never sees the block, so what it added has to go on both sides.
  #startOver(): void {
    const size = this.#table.sizeMax;
    this.#smallest = 0;
    this.#table.resize(0);
    this.#table.resize(size);
  }

  #writeSizeUpdates(into: Uint8Array, at: number): number {
    const size = this.#table.sizeMax;
    const smallest = this.#smallest!;
    this.#smallest = undefined;
    if (smallest < size) at = writeInteger(smallest, 5, 0x20, into, at);
    return writeInteger(size, 5, 0x20, into, at);
  }

  #writeField(field: HeaderField, into: Uint8Array, at: number): number {
    const [name, value] = field;
    const known = STATIC_NAMES.get(name);
    const indexing = field[2] === true ? "never" : this.#indexing(name, value);
    if (indexing !== "never") {
      const index = known?.values.get(value) ??
        this.#table.indexOf(name, value);
      if (index > 0) return writeInteger(index, 7, 0x80, into, at);
    }
    return this.#writeLiteral(field, known?.index ?? 0, indexing, into, at);
  }

  #writeLiteral(
    field: HeaderField,
    staticIndex: number,
    wanted: Indexing,
    into: Uint8Array,
    at: number,
  ): number {
    const [name, value] = field;
    const indexing = wanted === "incremental" && !this.#fits(name, value)
      ? "without"
      : wanted;
    const [pattern, bits] = LITERALS[indexing];
    const index = staticIndex || this.#table.indexOfName(name);
    at = writeInteger(index, bits, pattern, into, at);
    if (index === 0) at = this.#writeString(name, into, at);
    at = this.#writeString(value, into, at);
    if (indexing === "incremental") this.#table.add(field);
    return at;
  }

  #fits(name: string, value: string): boolean {
    return fieldSize(name, value) <= this.#table.sizeMax * TABLE_SHARE_MAX;
  }

  #writeString(text: string, into: Uint8Array, at: number): number {
    if (this.#huffman) {
      const length = huffmanLength(text);
      if (length <= text.length) {
        at = writeInteger(length, 7, 0x80, into, at);
        return writeHuffman(text, into, at);
      }
    }
    at = writeInteger(text.length, 7, 0, into, at);
    return writeLatin1(text, into, at);
  }
}
