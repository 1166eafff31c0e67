/** Routes of HTTP and gRPC requests, as plain data. */
import type { WeightedBackend } from "./backend.ts";
import type { HttpFilters } from "./http_filters.ts";

/** What a text must be: the same, or matched as a whole by an RE2 expression. */
export type TextMatch =
  | { readonly kind: "exact"; readonly value: string }
  | { readonly kind: "regex"; readonly value: string };

/** What the path must be, without its query. Compared byte by byte. */
export type PathMatch =
  | { readonly kind: "exact"; readonly value: string }
  /** Whole segments; without the slash at its end, so `/` is empty. */
  | { readonly kind: "prefix"; readonly value: string }
  /** RE2, over the whole path. */
  | { readonly kind: "regex"; readonly value: string }
  /** `/SERVICE/METHOD`; what is absent is any. */
  | {
    readonly kind: "grpc";
    readonly service?: TextMatch;
    readonly method?: TextMatch;
  };

/** A header field or query parameter of that name. */
export interface NamedMatch {
  /** Of a header: in lower case. */
  readonly name: string;
  readonly match: TextMatch;
}

/** All of it must hold. */
export interface HttpMatch {
  readonly path: PathMatch;
  readonly method?: string;
  readonly headers: readonly NamedMatch[];
  readonly query: readonly NamedMatch[];
}

/** When a failed attempt is made again, as a route asks for it. */
export interface RouteRetry {
  /** Statuses that count as failures, 400 to 599. */
  readonly codes: readonly number[];
  /** Attempts after the first; default as without a policy. */
  readonly attempts?: number;
  /** Least pause before an attempt. */
  readonly backoffMs?: number;
}

/** Time limits; absent means none. */
export interface RouteTimeouts {
  /** From the whole request head to the whole response, retries included. */
  readonly requestMs?: number;
  /** One attempt. */
  readonly attemptMs?: number;
}

/** A destination with what is done to the requests that go there, after the rule's own filters. */
export interface HttpBackend extends WeightedBackend {
  readonly filters: HttpFilters;
}

/** What becomes of a request that a rule matches. */
export type HttpAction =
  /** One backend by weight; a failure when there is none with weight. */
  | { readonly kind: "forward"; readonly backends: readonly HttpBackend[] }
  /** `filters.redirect` answers. */
  | { readonly kind: "redirect" }
  /** The rule cannot be done as it is written: its requests fail. */
  | { readonly kind: "invalid"; readonly because: string };

/** One rule of a route. */
export interface HttpRule {
  readonly name?: string;
  /** Any is enough; never empty. */
  readonly matches: readonly HttpMatch[];
  readonly filters: HttpFilters;
  readonly action: HttpAction;
  readonly timeouts: RouteTimeouts;
  readonly retry?: RouteRetry;
}

/** An HTTPRoute or GRPCRoute: its rules, and what ranks it among others. */
export interface HttpRoute {
  readonly kind: "HTTPRoute" | "GRPCRoute";
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since 1970; 0 where it is not known, which counts as oldest. */
  readonly createdAtMs: number;
  readonly rules: readonly HttpRule[];
}
