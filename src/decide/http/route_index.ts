/** The matches of one scope, to be found by path without asking each. */
import type { HttpMatch, HttpRoute, HttpRule } from "../../model/http_route.ts";
import { Recent } from "../../model/recent.ts";
import { ROUTES_OPENED_MAX } from "./limits.ts";
import { compileMatch, type RequestTest, splitGrpcPath } from "./match.ts";
import type { MatchedRequest } from "./matched_request.ts";
import {
  openRoute,
  type PackedIndex,
  type PackedRoutes,
} from "./packed_routes.ts";
import { pathHash, prefixHashes } from "./path_hash.ts";

/** A match, ready to be asked. */
export class Candidate {
  #test: RequestTest | undefined;

  constructor(
    readonly match: HttpMatch,
    readonly rule: HttpRule,
    /** Position of its rule in the route, from 0. */
    readonly ruleIndex: number,
    readonly route: HttpRoute,
  ) {}

  /** Compiled when it is first asked. */
  test(request: MatchedRequest): boolean {
    this.#test ??= compileMatch(this.match);
    return this.#test(request);
  }
}

/** Opens routes when they are first asked, and keeps those that were lately. */
export class OpenedRoutes {
  readonly #packed: PackedRoutes;
  readonly #recent = new Recent<number, readonly Candidate[]>(
    ROUTES_OPENED_MAX,
  );

  constructor(packed: PackedRoutes) {
    this.#packed = packed;
  }

  /** The match of that number. */
  candidate(id: number): Candidate {
    const { places } = this.#packed;
    return this.#candidates(places[id * 2]!)[places[id * 2 + 1]!]!;
  }

  #candidates(number: number): readonly Candidate[] {
    const known = this.#recent.get(number);
    if (known !== undefined) return known;
    const opened = candidatesOf(openRoute(this.#packed, number));
    this.#recent.set(number, opened);
    return opened;
  }
}

const candidatesOf = (route: HttpRoute): Candidate[] =>
  route.rules.flatMap((rule, ruleIndex) =>
    rule.matches.map((match) => new Candidate(match, rule, ruleIndex, route))
  );

export class HttpIndex {
  readonly #index: PackedIndex;
  readonly #opened: OpenedRoutes;
  /**
   * Kept once they were asked: nearly every request asks them, and most have an
   * expression to be compiled.
   */
  readonly #others: Candidate[] = [];

  constructor(index: PackedIndex, opened: OpenedRoutes) {
    this.#index = index;
    this.#opened = opened;
  }

  /** The match that goes before all others that hold. */
  find(request: MatchedRequest): Candidate | undefined {
    let best: number | undefined;
    for (const hash of this.#hashes(request.path)) {
      best = this.#firstOf(hash, request, best) ?? best;
    }
    return this.#firstOther(request, best) ??
      (best === undefined ? undefined : this.#opened.candidate(best));
  }

  /** Those of all matches that the path allows, but the others. */
  #hashes(path: string): number[] {
    const { prefixLengthMax, hasGrpc } = this.#index;
    const hashes = [
      pathHash("exact", path),
      ...prefixHashes(path, prefixLengthMax),
    ];
    const call = hasGrpc ? splitGrpcPath(path) : undefined;
    if (call !== undefined) {
      hashes.push(
        pathHash("grpcService", call.service),
        pathHash("grpcMethod", call.method),
      );
    }
    return hashes;
  }

  /** @returns the first match of that hash that holds, if it goes before `best`. */
  #firstOf(
    hash: number,
    request: MatchedRequest,
    best = Infinity,
  ): number | undefined {
    const { hashes, matches } = this.#index;
    for (let at = firstAt(hashes, hash); hashes[at] === hash; at++) {
      const id = matches[at]!;
      if (id > best) return undefined;
      if (this.#opened.candidate(id).test(request)) return id;
    }
    return undefined;
  }

  #firstOther(
    request: MatchedRequest,
    best = Infinity,
  ): Candidate | undefined {
    for (const [at, id] of this.#index.others.entries()) {
      if (id > best) return undefined;
      const candidate = this.#others[at] ??= this.#opened.candidate(id);
      if (candidate.test(request)) return candidate;
    }
    return undefined;
  }
}

/** The first position that holds `wanted` or more. */
function firstAt(ascending: Uint32Array, wanted: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
