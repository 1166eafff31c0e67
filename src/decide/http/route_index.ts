/** The matches of one scope, to be found by path without asking each. */
import type {
  HttpMatch,
  HttpRoute,
  HttpRule,
  PathMatch,
} from "../../model/http_route.ts";
import { MultiMap } from "../../model/multi_map.ts";
import { compileMatch, type RequestTest, splitGrpcPath } from "./match.ts";
import { inOrder } from "./precedence.ts";
import type { MatchedRequest } from "./matched_request.ts";
import { PrefixTree } from "./prefix_tree.ts";

/** A match, ready to be asked. */
export class Candidate {
  #test: RequestTest | undefined;

  /** @param rank Position among all of its scope: the lowest that matches wins. */
  constructor(
    readonly rank: number,
    readonly match: HttpMatch,
    readonly rule: HttpRule,
    readonly route: HttpRoute,
  ) {}

  /** Compiled when it is first asked: of many routes, few are in use. */
  test(request: MatchedRequest): boolean {
    this.#test ??= compileMatch(this.match);
    return this.#test(request);
  }
}

export class HttpIndex {
  readonly #exact = new MultiMap<string, Candidate>();
  readonly #prefixes = new PrefixTree<Candidate>();
  readonly #grpcServices = new MultiMap<string, Candidate>();
  readonly #grpcMethods = new MultiMap<string, Candidate>();
  /** Those that only their test can tell. */
  readonly #others: Candidate[] = [];

  constructor(routes: readonly HttpRoute[]) {
    const placed = inOrder(routes).entries();
    for (const [rank, { match, route, ruleIndex }] of placed) {
      const rule = route.rules[ruleIndex]!;
      this.#add(match.path, new Candidate(rank, match, rule, route));
    }
  }

  /** The match that goes before all others that hold. */
  find(request: MatchedRequest): Candidate | undefined {
    let best: Candidate | undefined;
    for (const list of this.#lists(request.path)) {
      for (const candidate of list) {
        if (best !== undefined && candidate.rank > best.rank) break;
        if (!candidate.test(request)) continue;
        best = candidate;
        break;
      }
    }
    return best;
  }

  /** Every candidate that the path allows is in one of these; each is in order of rank. */
  #lists(path: string): Iterable<readonly Candidate[]> {
    const call = this.#hasGrpc() ? splitGrpcPath(path) : undefined;
    return [
      this.#exact.get(path),
      ...this.#prefixes.along(path),
      ...call === undefined ? [] : [
        this.#grpcServices.get(call.service),
        this.#grpcMethods.get(call.method),
      ],
      this.#others,
    ];
  }

  #hasGrpc(): boolean {
    return this.#grpcServices.size + this.#grpcMethods.size > 0;
  }

  #add(path: PathMatch, candidate: Candidate): void {
    switch (path.kind) {
      case "exact":
        return this.#exact.add(path.value, candidate);
      case "prefix":
        return this.#prefixes.add(path.value, candidate);
      case "grpc":
        return this.#addGrpc(path, candidate);
      case "regex":
        this.#others.push(candidate);
    }
  }

  #addGrpc(
    { service, method }: Extract<PathMatch, { kind: "grpc" }>,
    candidate: Candidate,
  ): void {
    if (service?.kind === "exact") {
      if (method?.kind === "exact") {
        this.#exact.add(`/${service.value}/${method.value}`, candidate);
      } else this.#grpcServices.add(service.value, candidate);
    } else if (method?.kind === "exact") {
      this.#grpcMethods.add(method.value, candidate);
    } else this.#others.push(candidate);
  }
}
