/** Requests under another name: the path and host that the backend sees. */
import type { HttpRequest } from "../../model/http.ts";
import type { HttpRewrite, PathReplacement } from "../../model/http_filters.ts";
import type { PathMatch } from "../../model/http_route.ts";
import { hasPathPrefix } from "./match.ts";
import { splitPath } from "./matched_request.ts";

/** @param match What took the request: only a prefix can be replaced alone. */
export function rewriteRequest(
  request: HttpRequest,
  { hostname, path }: HttpRewrite,
  match: PathMatch,
): HttpRequest {
  return {
    ...request,
    authority: hostname ?? request.authority,
    path: path === undefined
      ? request.path
      : replacePath(request.path, path, match),
  };
}

/** @param text The path with its query, which stays. */
export function replacePath(
  text: string,
  replacement: PathReplacement,
  match: PathMatch,
): string {
  const { path, query } = splitPath(text);
  if (replacement.kind === "full") return withSlash(replacement.value) + query;
  if (match.kind !== "prefix" || !hasPathPrefix(path, match.value)) return text;
  const rest = path.slice(match.value.length);
  return withSlash(withoutEnd(replacement.value) + rest) + query;
}

/** An empty path cannot be asked for, and `*` is for OPTIONS alone. */
const withSlash = (path: string): string =>
  path.startsWith("/") ? path : `/${path}`;

const withoutEnd = (path: string): string => {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
};
