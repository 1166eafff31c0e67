/** Routes on their way to where they are only looked up. */
import type { HttpMatch, HttpRoute } from "../../model/http_route.ts";
import type { RouteSet } from "../../model/route_set.ts";
import { pathHash } from "./path_hash.ts";
import {
  type PackedIndex,
  type PackedMatch,
  type PackedRoute,
  type PackedRoutes,
  type PackedScope,
  ROUTE_DEFAULTS,
  type TextTable,
} from "./packed_routes.ts";
import { inOrder, type PlacedMatch } from "./precedence.ts";

/** @param sets One a scope; of two for the same, the last counts. */
export function packRoutes(sets: readonly RouteSet[]): PackedRoutes {
  const numbers = new Map<HttpRoute, number>();
  for (const route of sets.flatMap(httpRoutes)) {
    if (!numbers.has(route)) numbers.set(route, numbers.size);
  }
  const routes = [...numbers.keys()];
  const placed = inOrder(routes);
  const effects = new TextBuilder();
  const indexes = new Indexes(routes, placed);
  return {
    routes: tableOf(routes.map((route) => packRoute(route, effects))),
    effects: effects.table(),
    places: placesOf(placed, numbers),
    scopes: sets.map((set) => packScope(set, indexes)),
  };
}

const httpRoutes = (set: RouteSet): readonly HttpRoute[] =>
  set.layer === "http" ? set.routes : [];

function packScope(set: RouteSet, indexes: Indexes): PackedScope {
  if (set.layer === "stream") return set;
  const { routes, ...scope } = set;
  return { ...scope, index: indexes.of(routes) };
}

function packRoute(
  { kind, namespace, name, createdAtMs, rules }: HttpRoute,
  effects: TextBuilder,
): string {
  const packed: PackedRoute = {
    ...kind !== ROUTE_DEFAULTS.kind && { kind },
    namespace,
    name,
    ...createdAtMs !== ROUTE_DEFAULTS.createdAtMs && { createdAtMs },
    rules: rules.map(({ matches, ...effect }) => ({
      matches: matches.map(packMatch),
      effect: effects.numberOf(JSON.stringify(effect)),
    })),
  };
  return JSON.stringify(packed);
}

const packMatch = (
  { headers, query, ...match }: HttpMatch,
): PackedMatch => ({
  ...match,
  ...headers.length > 0 && { headers },
  ...query.length > 0 && { query },
});

function placesOf(
  placed: readonly PlacedMatch[],
  numbers: ReadonlyMap<HttpRoute, number>,
): Uint32Array {
  const places = new Uint32Array(placed.length * 2);
  for (const [id, { route, ruleIndex, matchIndex }] of placed.entries()) {
    places[id * 2] = numbers.get(route)!;
    places[id * 2 + 1] = route.rules.slice(0, ruleIndex)
      .reduce((sum, { matches }) => sum + matches.length, matchIndex);
  }
  return places;
}

/** Texts, each of them once. */
class TextBuilder {
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  table(): TextTable {
    return tableOf([...this.#numbers.keys()]);
  }
}

/** @param texts JSON. */
function tableOf(texts: readonly string[]): TextTable {
  const narrow = texts.map(escapeWide);
  let end = 0;
  const ends = Uint32Array.from(narrow, ({ length }) => end += length);
  return { text: narrow.join(""), ends };
}

/** One character beyond Latin-1 would double the size of the whole text. */
const escapeWide = (json: string): string =>
  json.replaceAll(
    /[^\0-\xff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Makes the indexes of scopes; those with the same routes share one. */
class Indexes {
  readonly #placed: readonly PlacedMatch[];
  /** The matches of each route, by their numbers. */
  readonly #idsOf = new Map<HttpRoute, number[]>();
  readonly #known: [routes: readonly HttpRoute[], index: PackedIndex][] = [];

  constructor(routes: readonly HttpRoute[], placed: readonly PlacedMatch[]) {
    this.#placed = placed;
    for (const route of routes) this.#idsOf.set(route, []);
    for (const [id, { route }] of placed.entries()) {
      this.#idsOf.get(route)!.push(id);
    }
  }

  of(routes: readonly HttpRoute[]): PackedIndex {
    const known = this.#known.find(([others]) => isSame(others, routes));
    if (known !== undefined) return known[1];
    const index = this.#make(routes);
    this.#known.push([routes, index]);
    return index;
  }

  #make(routes: readonly HttpRoute[]): PackedIndex {
    const ids = routes.flatMap((route) => this.#idsOf.get(route)!)
      .sort((a, b) => a - b);
    const entries: { hash: number; id: number }[] = [];
    const others: number[] = [];
    let prefixLengthMax = 0;
    let hasGrpc = false;
    for (const id of ids) {
      const { path } = this.#placed[id]!.match;
      const hash = hashOf(path);
      if (hash === undefined) others.push(id);
      else entries.push({ hash, id });
      if (path.kind === "prefix") {
        prefixLengthMax = Math.max(prefixLengthMax, path.value.length);
      }
      hasGrpc ||= path.kind === "grpc" && hash !== undefined;
    }
    // Stable: of equal hashes, matches stay in their order.
    entries.sort((a, b) => a.hash - b.hash);
    return {
      hashes: Uint32Array.from(entries, ({ hash }) => hash),
      matches: Uint32Array.from(entries, ({ id }) => id),
      others: Uint32Array.from(others),
      prefixLengthMax,
      hasGrpc,
    };
  }
}

const isSame = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((item, at) => item === b[at]);

/** @returns undefined for what only its test can tell. */
function hashOf(path: HttpMatch["path"]): number | undefined {
  switch (path.kind) {
    case "exact":
    case "prefix":
      return pathHash(path.kind, path.value);
    case "grpc":
      return grpcHash(path);
    case "regex":
      return undefined;
  }
}

function grpcHash(
  { service, method }: Extract<HttpMatch["path"], { kind: "grpc" }>,
): number | undefined {
  if (service?.kind === "exact") {
    return method?.kind === "exact"
      ? pathHash("exact", `/${service.value}/${method.value}`)
      : pathHash("grpcService", service.value);
  }
  return method?.kind === "exact"
    ? pathHash("grpcMethod", method.value)
    : undefined;
}
