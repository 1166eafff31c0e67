/**
 * Plain values whose equal parts are one and the same object, so that many
 * alike are held once. Structured cloning keeps it so in the clone. Texts too
 * are held once, and none keeps the longer one in memory that it was cut from.
 */
export class SharedValues {
  readonly #byContent = new Map<string, object>();
  readonly #names = new Map<object, string>();
  readonly #texts = new Map<string, string>();

  /**
   * The same value made of shared parts. It is never to be changed.
   *
   * @param value What JSON can hold, and undefined.
   */
  share<T>(value: T): T {
    if (typeof value === "string") return this.#text(value) as T & string;
    if (typeof value !== "object" || value === null) return value;
    if (this.#names.has(value)) return value;
    const { content, parts } = Array.isArray(value)
      ? this.#list(value)
      : this.#mapping(value);
    const known = this.#byContent.get(content);
    if (known !== undefined) return known as T;
    this.#byContent.set(content, parts);
    this.#names.set(parts, `#${this.#names.size}`);
    return parts as T;
  }

  #text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    // The engine makes a slice a view of the whole: a name would hold its file.
    const copy: string = JSON.parse(JSON.stringify(text));
    this.#texts.set(copy, copy);
    return copy;
  }

  #list(items: readonly unknown[]): Shared {
    const parts = items.map((item) => this.share(item));
    return {
      parts,
      content: `[${parts.map((part) => this.#nameOf(part)).join()}`,
    };
  }

  #mapping(value: object): Shared {
    const parts: Record<string, unknown> = { ...value };
    let content = "{";
    for (const key in parts) {
      const part = parts[key] = this.share(parts[key]);
      content += `${key.length}"${key}${this.#nameOf(part)},`;
    }
    return { parts, content };
  }

  /** Different for parts that differ: a text stands with its length, an object by its number. */
  #nameOf(part: unknown): string {
    switch (typeof part) {
      case "string":
        return `${part.length}"${part}`;
      case "object":
        return part === null ? "null" : this.#names.get(part)!;
      default:
        return String(part);
    }
  }
}

interface Shared {
  readonly parts: object;
  readonly content: string;
}
