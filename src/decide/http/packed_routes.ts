/**
 * HTTP routes as texts and numbers: a fraction of what the objects take in
 * every thread, and nothing for a garbage collector to walk through. Of many
 * routes few are in use; those are opened. Crosses threads as it is.
 */
import type { HttpMatch, HttpRoute, HttpRule } from "../../model/http_route.ts";
import type { RouteScope, StreamRoute } from "../../model/route_set.ts";

/** Texts as one, each to be found by its number. */
export interface TextTable {
  readonly text: string;
  /** Where each of them ends; it begins where the one before it does. */
  readonly ends: Uint32Array;
}

/** All routes of a waypoint; made by `packRoutes()`. */
export interface PackedRoutes {
  /** JSON of a {@link PackedRoute} each. */
  readonly routes: TextTable;
  /** JSON of an {@link RuleEffect} each: many rules do the same. */
  readonly effects: TextTable;
  /**
   * All matches by precedence, each as two numbers: that of its route, and its
   * position among all matches of that route. A match's number is its rank:
   * of two that hold, the lower wins.
   */
  readonly places: Uint32Array;
  readonly scopes: readonly PackedScope[];
}

/** Streams have few routes, and only one rule in each: those stay as they are. */
export type PackedScope =
  & RouteScope
  & (
    | {
      readonly layer: "http";
      readonly kind: "HTTPRoute" | "GRPCRoute";
      readonly index: PackedIndex;
    }
    | {
      readonly layer: "stream";
      readonly kind: "TLSRoute" | "TCPRoute";
      readonly routes: readonly StreamRoute[];
    }
  );

/** The matches of one scope by the hash of what they want of a path. */
export interface PackedIndex {
  /** Ascending. */
  readonly hashes: Uint32Array;
  /** The match of each hash; ascending where hashes are equal. */
  readonly matches: Uint32Array;
  /** Those that only their test can tell, ascending. */
  readonly others: Uint32Array;
  /** Characters of the longest prefix. */
  readonly prefixLengthMax: number;
  /** Whether some are found by a gRPC service or method alone. */
  readonly hasGrpc: boolean;
}

/** What a rule does with the requests that it takes. */
export type RuleEffect = Omit<HttpRule, "matches">;

/** A match without what is empty. */
export type PackedMatch =
  & Pick<HttpMatch, "path" | "method">
  & Partial<Pick<HttpMatch, "headers" | "query">>;

/** A route without what is at its default, its effects by number. */
export interface PackedRoute
  extends
    Pick<HttpRoute, "namespace" | "name">,
    Partial<Pick<HttpRoute, "kind" | "createdAtMs">> {
  readonly rules: readonly {
    readonly matches: readonly PackedMatch[];
    readonly effect: number;
  }[];
}

/** What a packed route leaves out. */
export const ROUTE_DEFAULTS = { kind: "HTTPRoute", createdAtMs: 0 } as const;

const MATCH_DEFAULTS = { headers: [], query: [] };

/** The route of that number, made anew. */
export function openRoute(packed: PackedRoutes, number: number): HttpRoute {
  const route: PackedRoute = JSON.parse(textAt(packed.routes, number));
  return {
    ...ROUTE_DEFAULTS,
    ...route,
    rules: route.rules.map(({ matches, effect }) => ({
      matches: matches.map((match) => ({ ...MATCH_DEFAULTS, ...match })),
      ...openEffect(packed, effect),
    })),
  };
}

const openEffect = ({ effects }: PackedRoutes, number: number): RuleEffect =>
  JSON.parse(textAt(effects, number));

const textAt = ({ text, ends }: TextTable, number: number): string =>
  text.slice(number === 0 ? 0 : ends[number - 1], ends[number]);
