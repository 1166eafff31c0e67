/** The URL that a redirect names. */
import type { HttpRequest } from "../../model/http.ts";
import type { HttpRedirect } from "../../model/http_filters.ts";
import type { PathMatch } from "../../model/http_route.ts";
import { replacePath } from "./rewrite.ts";
import { splitPath } from "./matched_request.ts";

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
};

/** Where the request came in. */
export interface RedirectContext {
  /** The service's port that was called. */
  readonly port: number;
  /** What took the request. */
  readonly match: PathMatch;
}

/**
 * `Location` of a redirect. Its port is the one that is given; else the default
 * of a scheme that is given; else the one called. One that the scheme implies
 * is left out.
 */
export function redirectLocation(
  redirect: HttpRedirect,
  request: HttpRequest,
  { port: calledPort, match }: RedirectContext,
): string {
  const scheme = redirect.scheme ?? schemeOf(request);
  const host = redirect.hostname ?? hostOf(request.authority);
  const implied = DEFAULT_PORTS[scheme];
  const port = redirect.port ??
    (redirect.scheme === undefined ? calledPort : implied);
  const suffix = port === implied ? "" : `:${port}`;
  return `${scheme}://${host}${suffix}${pathOf(redirect, request, match)}`;
}

function pathOf(
  { path }: HttpRedirect,
  request: HttpRequest,
  match: PathMatch,
): string {
  if (path !== undefined) return replacePath(request.path, path, match);
  const { path: own, query } = splitPath(request.path);
  return (own.startsWith("/") ? own : "/") + query;
}

/** The client chose the text, so only what can be meant counts. */
const schemeOf = ({ scheme }: HttpRequest): "http" | "https" =>
  scheme.toLowerCase() === "https" ? "https" : "http";

/** An authority without its port: `example.org`, `[fd00::1]`. */
export const hostOf = (authority: string): string =>
  authority.replace(/:\d*$/, "");
