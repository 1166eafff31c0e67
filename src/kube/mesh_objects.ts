import {
  type Kind,
  type KubeObject,
  nameOf,
  type NamespaceObject,
  type NodeObject,
  type ObjectOf,
} from "./objects.ts";
import type { Labels } from "./selectors.ts";

/** All objects of a mesh, to be found by kind and by name. */
export class MeshObjects {
  readonly #byKind = new Map<Kind, KubeObject[]>();
  readonly #byName = new Map<string, KubeObject>();

  constructor(objects: readonly KubeObject[]) {
    for (const object of objects) {
      const list = this.#byKind.get(object.kind);
      if (list === undefined) this.#byKind.set(object.kind, [object]);
      else list.push(object);
      this.#byName.set(`${object.kind}/${nameOf(object)}`, object);
    }
  }

  all<K extends Kind>(kind: K): readonly ObjectOf<K>[] {
    return (this.#byKind.get(kind) ?? []) as ObjectOf<K>[];
  }

  /** @param name `namespace/name`, or the name of a kind without namespace. */
  find<K extends Kind>(kind: K, name: string): ObjectOf<K> | undefined {
    return this.#byName.get(`${kind}/${name}`) as ObjectOf<K> | undefined;
  }

  namespace(name: string): NamespaceObject | undefined {
    return this.find("Namespace", name);
  }

  /** Empty for a namespace that no object describes. */
  namespaceLabels(name: string): Labels {
    return this.namespace(name)?.metadata.labels ?? {};
  }

  node(name: string): NodeObject | undefined {
    return this.find("Node", name);
  }
}

/** The items of each group, in their order. */
export function groupBy<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
