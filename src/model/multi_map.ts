/** A map of lists: what is added under one key stays in order of arrival. */
export class MultiMap<Key, Value> {
  readonly #lists = new Map<Key, Value[]>();

  /** Number of keys with at least one value. */
  get size(): number {
    return this.#lists.size;
  }

  /** The values of `key`, oldest first; empty when it has none. */
  get(key: Key): readonly Value[] {
    return this.#lists.get(key) ?? NONE;
  }

  add(key: Key, value: Value): void {
    const list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, [value]);
    else list.push(value);
  }

  /** Forgets one occurrence of `value`, if there is one. */
  delete(key: Key, value: Value): void {
    const list = this.#lists.get(key);
    const at = list?.indexOf(value) ?? -1;
    if (list === undefined || at === -1) return;
    if (list.length === 1) this.#lists.delete(key);
    else list.splice(at, 1);
  }
}

const NONE: readonly never[] = [];
