import { DynamicTable } from "./dynamic_table.ts";
import type { HeaderField } from "./field.ts";
import { STATIC_LENGTH } from "./static_table.ts";

/** The sequence numbers under which one name was last added. */
interface KnownName {
  last: number;
  readonly values: Map<string, number>;
}

/** A dynamic table that an encoder can search by name and value. */
export class EncoderTable {
  readonly #names = new Map<string, KnownName>();
  readonly #table: DynamicTable;

  constructor(sizeMax: number) {
    this.#table = new DynamicTable(
      sizeMax,
      (field, sequence) => this.#forget(field, sequence),
    );
  }

  get size(): number {
    return this.#table.size;
  }

  get sizeMax(): number {
    return this.#table.sizeMax;
  }

  /** The entries, newest first. */
  entries(): HeaderField[] {
    return Array.from(
      { length: this.#table.length },
      (_, position) => this.#table.at(position)!,
    );
  }

  /** The index of an equal field, or 0. */
  indexOf(name: string, value: string): number {
    const sequence = this.#names.get(name)?.values.get(value);
    return sequence === undefined ? 0 : this.#toIndex(sequence);
  }

  /** The index of the newest field of that name, or 0. */
  indexOfName(name: string): number {
    const known = this.#names.get(name);
    return known === undefined ? 0 : this.#toIndex(known.last);
  }

  add(field: HeaderField): void {
    const before = this.#table.newest;
    this.#table.add(field);
    const sequence = this.#table.newest;
    if (sequence === before) return;
    let known = this.#names.get(field[0]);
    if (known === undefined) {
      known = { last: sequence, values: new Map() };
      this.#names.set(field[0], known);
    }
    known.last = sequence;
    known.values.set(field[1], sequence);
  }

  resize(sizeMax: number): void {
    this.#table.resize(sizeMax);
  }

  #toIndex(sequence: number): number {
    return STATIC_LENGTH + 1 + this.#table.newest - sequence;
  }

  // Entries leave oldest first, so a name's last entry leaves last.
  #forget([name, value]: HeaderField, sequence: number): void {
    const known = this.#names.get(name);
    if (known === undefined) return;
    if (known.values.get(value) === sequence) known.values.delete(value);
    if (known.last === sequence) this.#names.delete(name);
  }
}
