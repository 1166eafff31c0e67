import { DynamicTable } from "./dynamic_table.ts";
import { HpackError } from "./errors.ts";
import { fieldSize, type HeaderField, type HeaderList } from "./field.ts";
import { readHuffman } from "./huffman.ts";
import { type Cursor, readInteger } from "./integer.ts";
import { latin1 } from "./latin1.ts";
import { DECODER_TABLE_SIZE_MAX, SIZE_UPDATES_MAX } from "./limits.ts";
import { STATIC_FIELDS, STATIC_LENGTH } from "./static_table.ts";

/** What a header block said. */
export interface DecodedBlock {
  /** The fields, up to the first one that went over the limit. */
  readonly fields: HeaderList;
  /** Sum of all fields' sizes, also of those left out. */
  readonly size: number;
  /** True when `size` is above the limit: some fields are missing. */
  readonly tooLarge: boolean;
}

/** Turns header blocks into header lists; one for each connection. */
export class HpackDecoder {
  readonly #table = new DynamicTable(DECODER_TABLE_SIZE_MAX);
  readonly #listSizeMax: number;
  #tableSizeMax = DECODER_TABLE_SIZE_MAX;
  #mustShrink = false;

  /** @param listSizeMax Largest list handed out (RFC 9113, section 6.5.2). */
  constructor(listSizeMax: number) {
    this.#listSizeMax = listSizeMax;
  }

  /** Octets that the dynamic table holds. */
  get tableSize(): number {
    return this.#table.size;
  }

  /** The dynamic table, newest first. */
  tableEntries(): HeaderField[] {
    return Array.from(
      { length: this.#table.length },
      (_, position) => this.#table.at(position)!,
    );
  }

  /**
   * Sets the largest dynamic table that the peer may choose, once it has
   * acknowledged that value. A table above it has to be shrunk at the start of
   * the peer's next block.
   */
  setTableSizeMax(octets: number): void {
    this.#tableSizeMax = Math.min(octets, DECODER_TABLE_SIZE_MAX);
    this.#mustShrink = this.#table.sizeMax > this.#tableSizeMax;
  }

  /**
   * Reads one complete header block.
   *
   * @throws {HpackError} when it is not one; the decoder is of no use after.
   */
  decode(octets: Uint8Array, start = 0, end = octets.length): DecodedBlock {
    const from: Cursor = { octets, at: start, end };
    this.#readSizeUpdates(from);
    const fields: HeaderField[] = [];
    let size = 0;
    while (from.at < end) {
      const field = this.#readField(from);
      size += fieldSize(field[0], field[1]);
      if (size <= this.#listSizeMax) fields.push(field);
    }
    return { fields, size, tooLarge: size > this.#listSizeMax };
  }

  #readSizeUpdates(from: Cursor): void {
    for (let count = 0; count < SIZE_UPDATES_MAX; count++) {
      if (from.at >= from.end) break;
      if ((from.octets[from.at]! & 0xe0) !== 0x20) break;
      const size = readInteger(from, 5);
      if (size > this.#tableSizeMax) {
        throw new HpackError(`table size ${size} above ${this.#tableSizeMax}`);
      }
      this.#table.resize(size);
      this.#mustShrink = false;
    }
    if (this.#mustShrink) throw new HpackError("table was not shrunk");
  }

  #readField(from: Cursor): HeaderField {
    const first = from.octets[from.at]!;
    if (first >= 0x80) return this.#fieldAt(readInteger(from, 7));
    if (first >= 0x40) {
      const field = this.#readLiteral(from, 6);
      this.#table.add(field);
      return field;
    }
    if (first >= 0x20) throw new HpackError("table size change after a field");
    const [name, value] = this.#readLiteral(from, 4);
    return first >= 0x10 ? [name, value, true] : [name, value];
  }

  #readLiteral(from: Cursor, prefixBits: number): HeaderField {
    const index = readInteger(from, prefixBits);
    const name = index === 0 ? readString(from) : this.#fieldAt(index)[0];
    return [name, readString(from)];
  }

  #fieldAt(index: number): HeaderField {
    const field = index <= STATIC_LENGTH
      ? STATIC_FIELDS[index]
      : this.#table.at(index - STATIC_LENGTH - 1);
    if (field === undefined) throw new HpackError(`no entry at index ${index}`);
    return field;
  }
}

/** @see RFC 7541, section 5.2 */
function readString(from: Cursor): string {
  if (from.at >= from.end) throw new HpackError("string cut short");
  const huffman = from.octets[from.at]! >= 0x80;
  const length = readInteger(from, 7);
  const start = from.at;
  const end = start + length;
  if (end > from.end) throw new HpackError("string cut short");
  from.at = end;
  return huffman
    ? readHuffman(from.octets, start, end)
    : latin1(from.octets, start, end);
}
