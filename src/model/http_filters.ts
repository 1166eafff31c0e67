/** What a rule does to requests and responses, as plain data. */
import type { BackendTarget } from "./backend.ts";
import type { HeaderList } from "./http.ts";

/** Changes of header fields; names in lower case, one entry a name in each list. */
export interface HeaderModifier {
  /** Replace every field of that name. */
  readonly set: HeaderList;
  /** Come after the fields of that name that are there. */
  readonly add: HeaderList;
  readonly remove: readonly string[];
}

/** How a path is replaced; the query stays. */
export type PathReplacement =
  | { readonly kind: "full"; readonly value: string }
  /** Only for matches of kind "prefix": what they matched is replaced. */
  | { readonly kind: "prefix"; readonly value: string };

/** A request sent on under another name. */
export interface HttpRewrite {
  readonly hostname?: string;
  readonly path?: PathReplacement;
}

export type RedirectStatus = 301 | 302 | 303 | 307 | 308;

/** A request answered with another URL; what is absent stays as the request has it. */
export interface HttpRedirect {
  readonly scheme?: "http" | "https";
  readonly hostname?: string;
  readonly path?: PathReplacement;
  readonly port?: number;
  readonly status: RedirectStatus;
}

/** A copy of a share of the requests; what it answers is thrown away. */
export interface Mirror {
  readonly target: BackendTarget;
  /** Share of the requests, 0 to 1. */
  readonly share: number;
}

/** An origin that a script may come from. */
export type OriginMatch =
  | { readonly kind: "any" }
  | {
    readonly kind: "origin";
    readonly scheme: string;
    /** In lower case. */
    readonly host: HostMatch;
    /** undefined when the scheme has none and none is given. */
    readonly port: number | undefined;
  };

/** A host name, or all that end as the text after a `*` does. */
export type HostMatch =
  | { readonly kind: "exact"; readonly value: string }
  | { readonly kind: "suffix"; readonly value: string };

/** Who may call from a browser, and what the browser is told. */
export interface CorsPolicy {
  readonly allowOrigins: readonly OriginMatch[];
  readonly allowCredentials: boolean;
  /** Upper case as given, or `*` alone. */
  readonly allowMethods: readonly string[];
  /** Names, or `*` alone. */
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}

/** All filters of one rule or one backend. */
export interface HttpFilters {
  readonly requestHeaders?: HeaderModifier;
  readonly responseHeaders?: HeaderModifier;
  readonly rewrite?: HttpRewrite;
  /** Ends the request here: nothing is sent on. */
  readonly redirect?: HttpRedirect;
  readonly mirrors: readonly Mirror[];
  readonly cors?: CorsPolicy;
}

/** Leaves everything as it is. */
export const NO_FILTERS: HttpFilters = { mirrors: [] };
