import { type KubeObject, nameOf } from "../kube/mod.ts";

/** Puts the objects of several sources together, the first source first. */
export class ObjectSources<Name extends string> {
  readonly #names: readonly Name[];
  readonly #onObjects: (objects: readonly KubeObject[]) => void;
  readonly #objects = new Map<Name, readonly KubeObject[]>();

  /** @param onObjects Is called once every source has been heard, and at each change after. */
  constructor(
    names: readonly Name[],
    onObjects: (objects: readonly KubeObject[]) => void,
  ) {
    this.#names = names;
    this.#onObjects = onObjects;
  }

  /** All that a source has now; an object that an earlier source has too is left out. */
  put(source: Name, objects: readonly KubeObject[]): void {
    this.#objects.set(source, objects);
    if (this.#objects.size < this.#names.length) return;
    this.#onObjects(this.#merged());
  }

  #merged(): readonly KubeObject[] {
    const lists = this.#names.map((name) => this.#objects.get(name) ?? []);
    const [only, second] = lists;
    if (second === undefined) return only ?? [];
    const byName = new Map<string, KubeObject>();
    for (const object of lists.flat()) {
      const key = `${object.kind} ${nameOf(object)}`;
      if (!byName.has(key)) byName.set(key, object);
    }
    return [...byName.values()];
  }
}
