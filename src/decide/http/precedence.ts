/**
 * Which of two matches goes first, whatever order routes came in.
 *
 * @see https://gateway-api.sigs.k8s.io/reference/spec/ (HTTPRouteRule, GRPCRouteRule)
 */
import type {
  HttpMatch,
  HttpRoute,
  PathMatch,
} from "../../model/http_route.ts";

/** One match and where it stands. */
export interface PlacedMatch {
  readonly match: HttpMatch;
  readonly route: HttpRoute;
  /** Position of its rule in the route, from 0. */
  readonly ruleIndex: number;
  /** Position in its rule, from 0. */
  readonly matchIndex: number;
}

/** Negative when `a` goes first. Never 0 for two places, unless routes share a name. */
export function comparePlaced(a: PlacedMatch, b: PlacedMatch): number {
  return compareWeights(weights(b.match), weights(a.match)) ||
    compareAge(a.route, b.route) ||
    a.ruleIndex - b.ruleIndex || a.matchIndex - b.matchIndex;
}

/** All matches of some routes: the first that holds takes the request. */
export const inOrder = (routes: readonly HttpRoute[]): PlacedMatch[] =>
  routes.flatMap(placesOf).sort(comparePlaced);

const placesOf = (route: HttpRoute): PlacedMatch[] =>
  route.rules.flatMap((rule, ruleIndex) =>
    rule.matches.map((match, matchIndex) => ({
      match,
      route,
      ruleIndex,
      matchIndex,
    }))
  );

/** What ranks routes among each other when their matches are equal. */
export interface Aged {
  readonly createdAtMs: number;
  readonly namespace: string;
  readonly name: string;
}

/** The oldest goes first, then the first by `namespace/name`. */
export function compareAge(a: Aged, b: Aged): number {
  return a.createdAtMs - b.createdAtMs ||
    compareText(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`);
}

/** By code units, as `<` has it. */
const compareText = (a: string, b: string): number =>
  a === b ? 0 : a < b ? -1 : 1;

/** The more at the first difference goes first. */
const weights = ({ path, method, headers, query }: HttpMatch): number[] => [
  ...pathWeights(path),
  method === undefined ? 0 : 1,
  headers.length,
  query.length,
];

/** Istio's order of kinds: exact, prefix, expression; then by length. */
function pathWeights(path: PathMatch): [number, number] {
  switch (path.kind) {
    case "exact":
      return [3, path.value.length];
    case "prefix":
      return [2, path.value.length];
    case "regex":
      return [1, path.value.length];
    case "grpc":
      return [path.service?.value.length ?? 0, path.method?.value.length ?? 0];
  }
}

function compareWeights(a: readonly number[], b: readonly number[]): number {
  for (const [index, weight] of a.entries()) {
    const difference = weight - b[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
