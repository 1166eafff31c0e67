/**
 * Where in a table something is, by a hash of its key: small numbers, some of
 * them under one hash. They lie in arrays of numbers, so that a garbage
 * collector has nothing to walk through, however many there are; and in many
 * small tables, of which only one at a time has to grow: none of the steps
 * takes long.
 */
export class HashIndex {
  readonly #tables: (Table | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param at At least 0. */
  add(hash: number, at: number): void {
    (this.#tables[tableOf(hash)] ??= new Table()).add(hash, at);
    this.#size++;
  }

  /** Forgets one number under a hash; nothing when it is not there. */
  delete(hash: number, at: number): void {
    if (this.#tables[tableOf(hash)]?.delete(hash, at) === true) this.#size--;
  }

  /** The first number under a hash that is the one; -1 when none is. */
  find(hash: number, isIt: (at: number) => boolean): number {
    return this.#tables[tableOf(hash)]?.find(hash, isIt) ?? -1;
  }

  /** All numbers under a hash, in no order. */
  all(hash: number): number[] {
    const found: number[] = [];
    this.find(hash, (at) => {
      found.push(at);
      return false;
    });
    return found;
  }
}

/** By the upper eight bits; the others place it within its table. */
const tableOf = (hash: number): number => hash >>> 24;

/** Open addressing: an entry lies in the first free place from its own on. */
class Table {
  #hashes = new Int32Array(MIN_CAPACITY);
  /** One more than the number; see {@link FREE} and {@link DELETED}. */
  #entries = new Int32Array(MIN_CAPACITY);
  #size = 0;
  #deleted = 0;

  add(hash: number, at: number): void {
    if ((this.#size + this.#deleted + 1) * 2 > this.#entries.length) {
      this.#rebuild();
    }
    this.#insert(hash, at + 1);
    this.#size++;
  }

  /** @returns Whether it was there. */
  delete(hash: number, at: number): boolean {
    const place = this.#find(hash, (found) => found === at);
    if (place < 0) return false;
    this.#entries[place] = DELETED;
    this.#size--;
    this.#deleted++;
    return true;
  }

  find(hash: number, isIt: (at: number) => boolean): number {
    const place = this.#find(hash, isIt);
    return place < 0 ? -1 : this.#at(place);
  }

  /** @returns The place of an entry, or -1. */
  #find(hash: number, isIt: (at: number) => boolean): number {
    const mask = this.#entries.length - 1;
    for (let place = mixed(hash) & mask;; place = (place + 1) & mask) {
      const entry = this.#entries[place];
      if (entry === FREE) return -1;
      if (entry === DELETED || this.#hashes[place] !== hash) continue;
      if (isIt(this.#at(place))) return place;
    }
  }

  #at(place: number): number {
    return (this.#entries[place] ?? 0) - 1;
  }

  #insert(hash: number, entry: number): void {
    const mask = this.#entries.length - 1;
    let place = mixed(hash) & mask;
    while (this.#entries[place] !== FREE) place = (place + 1) & mask;
    this.#hashes[place] = hash;
    this.#entries[place] = entry;
  }

  /** Takes as many places as the entries need, none of them deleted. */
  #rebuild(): void {
    const [hashes, entries] = [this.#hashes, this.#entries];
    let capacity = MIN_CAPACITY;
    while (capacity < (this.#size + 1) * 3) capacity *= 2;
    this.#hashes = new Int32Array(capacity);
    this.#entries = new Int32Array(capacity);
    this.#deleted = 0;
    for (let place = 0; place < entries.length; place++) {
      const entry = entries[place] ?? FREE;
      if (entry !== FREE && entry !== DELETED) {
        this.#insert(hashes[place] ?? 0, entry);
      }
    }
  }
}

/** A power of two. */
const MIN_CAPACITY = 16;

const FREE = 0;
const DELETED = -1;

/** Spreads hashes that differ in their upper bits only. */
const mixed = (hash: number): number => hash ^ (hash >>> 15);

/**
 * FNV-1a over the units of a text, 32 bits, signed.
 *
 * @param seed The hash of what stands before it.
 */
export function hashText(text: string, seed = 0x811c9dc5 | 0): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash;
}
