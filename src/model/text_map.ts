import { HashIndex, hashText } from "./hash_index.ts";
import { TextArena } from "./text_arena.ts";

/**
 * A map from text to text that costs the heap next to nothing: see
 * {@link TextArena}. Each key has a number from its first `set` to its `delete`;
 * numbers are small and used again.
 */
export class TextMap<Text extends string> {
  readonly #arena = new TextArena();
  readonly #index = new HashIndex();
  readonly #unused: number[] = [];
  #numbers = 0;

  get size(): number {
    return this.#index.size;
  }

  /** Octets outside of the heap. */
  get octets(): number {
    return this.#arena.octets;
  }

  has(key: string): boolean {
    return this.numberOf(key) >= 0;
  }

  get(key: string): Text | undefined {
    return this.textAt(this.numberOf(key));
  }

  /** @returns The key's number. */
  set(key: string, text: Text): number {
    const known = this.numberOf(key);
    const number = known >= 0 ? known : this.#newNumber();
    this.#arena.put(number, key, text);
    if (known < 0) this.#index.add(hashText(key), number);
    return number;
  }

  /** @returns Whether it was there. */
  delete(key: string): boolean {
    const number = this.numberOf(key);
    if (number < 0) return false;
    this.#index.delete(hashText(key), number);
    this.#arena.delete(number);
    this.#unused.push(number);
    return true;
  }

  /** -1 for a key that is not there. */
  numberOf(key: string): number {
    return this.#index.find(
      hashText(key),
      (number) => this.#arena.hasKey(number, key),
    );
  }

  /** undefined where no key has this number. */
  textAt(number: number): Text | undefined {
    if (!this.#arena.has(number)) return undefined;
    // Only set() fills the arena.
    return this.#arena.textAt(number) as Text;
  }

  *keys(): Generator<string> {
    for (const number of this.#inUse()) yield this.#arena.keyAt(number);
  }

  *values(): Generator<Text> {
    for (const number of this.#inUse()) {
      yield this.#arena.textAt(number) as Text;
    }
  }

  *#inUse(): Generator<number> {
    for (let number = 0; number < this.#numbers; number++) {
      if (this.#arena.has(number)) yield number;
    }
  }

  #newNumber(): number {
    return this.#unused.pop() ?? this.#numbers++;
  }
}
