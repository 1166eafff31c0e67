/** The keys of all token issuers that are configured. */
import type { KeyReport, KeySets, KeyState } from "../../model/key_set.ts";
import type { KeySource } from "../../model/request_authentication.ts";
import { FollowedSource, type KeyFetching } from "./followed_source.ts";
import { parseKeys } from "./parse_keys.ts";

/**
 * Holds the keys of the sources that it is told to follow. A source whose keys
 * were once fetched answers at once from then on, also while they are fetched
 * again and when that fails.
 */
export class KeyCache implements KeySets, Disposable {
  readonly #context: KeyFetching;
  readonly #remote = new Map<string, FollowedSource>();
  readonly #inline = new Map<string, KeyReport & { readonly held: KeyState }>();

  constructor(context: KeyFetching) {
    this.#context = context;
  }

  /** Follows these sources and no others; one that is followed already goes on as it was. */
  follow(sources: readonly KeySource[]): void {
    const wanted = new Map(sources.map((source) => [keyOf(source), source]));
    for (const [key, followed] of this.#remote) {
      if (wanted.has(key)) continue;
      followed[Symbol.dispose]();
      this.#remote.delete(key);
    }
    for (const key of this.#inline.keys()) {
      if (!wanted.has(key)) this.#inline.delete(key);
    }
    for (const [key, source] of wanted) this.#add(key, source);
  }

  stateOf(source: KeySource): KeyState | Promise<KeyState> {
    const key = keyOf(source);
    return this.#inline.get(key)?.held ?? this.#remote.get(key)?.state ??
      NOT_FOLLOWED;
  }

  /** What is held of every source. */
  reports(): KeyReport[] {
    return [
      ...Array.from(this.#inline.values(), ({ held: _, ...report }) => report),
      ...Array.from(this.#remote.values(), ({ report }) => report),
    ];
  }

  missed(source: KeySource): void {
    this.#remote.get(keyOf(source))?.missed();
  }

  [Symbol.dispose](): void {
    this.follow([]);
  }

  #add(key: string, source: KeySource): void {
    if (this.#inline.has(key) || this.#remote.has(key)) return;
    if (source.kind === "inline") this.#inline.set(key, inlineKeys(source));
    else this.#remote.set(key, new FollowedSource(source, this.#context));
  }
}

function inlineKeys(source: Extract<KeySource, { kind: "inline" }>) {
  const held = parseKeys(source.jwks);
  return {
    source,
    held,
    state: held.kind,
    count: held.kind === "keys" ? held.set.keys.length : 0,
    ...held.kind !== "keys" && { why: held.why },
  };
}

const NOT_FOLLOWED: KeyState = { kind: "unfetched", why: "not followed" };

const keyOf = (source: KeySource): string => JSON.stringify(source);
