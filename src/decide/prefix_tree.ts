/** Values under path prefixes, found by walking a path's segments once. */
export class PrefixTree<Value> {
  readonly #root: Node<Value> = { children: new Map(), values: [] };

  /** @param prefix Whole segments, without a slash at its end; empty for all paths. */
  add(prefix: string, value: Value): void {
    let node = this.#root;
    for (const segment of prefix.split("/").slice(1)) {
      let child = node.children.get(segment);
      if (child === undefined) {
        child = { children: new Map(), values: [] };
        node.children.set(segment, child);
      }
      node = child;
    }
    node.values.push(value);
  }

  /** The values of all prefixes of a path, those of the longest first. */
  along(path: string): (readonly Value[])[] {
    const found = [this.#root.values];
    let node = this.#root;
    // No further than the tree reaches: a path may have very many segments.
    for (let start = 1; node.children.size > 0 && start <= path.length;) {
      const slash = path.indexOf("/", start);
      const end = slash < 0 ? path.length : slash;
      const child = node.children.get(path.slice(start, end));
      if (child === undefined) break;
      if (child.values.length > 0) found.push(child.values);
      node = child;
      start = end + 1;
    }
    return found.reverse();
  }
}

interface Node<Value> {
  readonly children: Map<string, Node<Value>>;
  readonly values: Value[];
}
