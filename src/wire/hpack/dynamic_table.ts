import { fieldSize, type HeaderField } from "./field.ts";

/**
 * The fields that both ends remember, newest first, in a ring.
 *
 * Entries also have a sequence number, 1 for the first ever added, that does
 * not move when others come and go.
 *
 * @see RFC 7541, sections 2.3.2 and 4
 */
export class DynamicTable {
  #ring: (HeaderField | undefined)[] = new Array(64).fill(undefined);
  #added = 0;
  #length = 0;
  #size = 0;
  #sizeMax: number;
  readonly #onEvict:
    | ((field: HeaderField, sequence: number) => void)
    | undefined;

  /** @param onEvict Called for each entry that leaves, oldest first. */
  constructor(
    sizeMax: number,
    onEvict?: (field: HeaderField, sequence: number) => void,
  ) {
    this.#sizeMax = sizeMax;
    this.#onEvict = onEvict;
  }

  /** Entries present. */
  get length(): number {
    return this.#length;
  }

  /** Sum of the entries' sizes. */
  get size(): number {
    return this.#size;
  }

  /** The size that `size` may reach. */
  get sizeMax(): number {
    return this.#sizeMax;
  }

  /** The sequence number of the newest entry; 0 before there was one. */
  get newest(): number {
    return this.#added;
  }

  /** The entry at `position`, 0 being the newest; undefined past the end. */
  at(position: number): HeaderField | undefined {
    if (position >= this.#length) return undefined;
    return this.#ring[(this.#added - position) & (this.#ring.length - 1)];
  }

  /** Adds an entry; one above the whole table's size only empties the table. */
  add(field: HeaderField): void {
    const size = fieldSize(field[0], field[1]);
    this.#evictTo(this.#sizeMax - size);
    if (size > this.#sizeMax) return;
    if (this.#length === this.#ring.length) this.#grow();
    this.#added++;
    this.#ring[this.#added & (this.#ring.length - 1)] = field;
    this.#length++;
    this.#size += size;
  }

  /** Sets the largest size and evicts what no longer fits. */
  resize(sizeMax: number): void {
    this.#sizeMax = sizeMax;
    this.#evictTo(sizeMax);
  }

  #evictTo(size: number): void {
    while (this.#length > 0 && this.#size > size) {
      const sequence = this.#added - this.#length + 1;
      const slot = sequence & (this.#ring.length - 1);
      const field = this.#ring[slot]!;
      this.#ring[slot] = undefined;
      this.#length--;
      this.#size -= fieldSize(field[0], field[1]);
      this.#onEvict?.(field, sequence);
    }
  }

  #grow(): void {
    const larger = new Array<HeaderField | undefined>(this.#ring.length * 2)
      .fill(undefined);
    for (let position = 0; position < this.#length; position++) {
      const sequence = this.#added - position;
      larger[sequence & (larger.length - 1)] = this.at(position);
    }
    this.#ring = larger;
  }
}
