/** Values under path prefixes, found by walking a path's segments once. */
export class PrefixTree<Value> {
  readonly #root: Node<Value> = { children: undefined, values: undefined };

  /** @param prefix Whole segments, without a slash at its end; empty for all paths. */
  add(prefix: string, value: Value): void {
    let node = this.#root;
    for (const segment of prefix.split("/").slice(1)) {
      node.children ??= new Map();
      let child = node.children.get(segment);
      if (child === undefined) {
        child = { children: undefined, values: undefined };
        node.children.set(segment, child);
      }
      node = child;
    }
    if (node.values === undefined) node.values = [value];
    else node.values.push(value);
  }

  /** The values of all prefixes of a path, those of the longest first. */
  along(path: string): (readonly Value[])[] {
    const found = this.#root.values === undefined ? [] : [this.#root.values];
    let { children } = this.#root;
    // No further than the tree reaches: a path may have very many segments.
    for (let start = 1; children !== undefined && start <= path.length;) {
      const slash = path.indexOf("/", start);
      const end = slash < 0 ? path.length : slash;
      const child = children.get(path.slice(start, end));
      if (child === undefined) break;
      if (child.values !== undefined) found.push(child.values);
      children = child.children;
      start = end + 1;
    }
    return found.reverse();
  }
}

/** Most are leaves: an empty map or list would be most of what they take. */
interface Node<Value> {
  children: Map<string, Node<Value>> | undefined;
  values: Value[] | undefined;
}
