/** One match of a route as a function; its expressions are compiled once. */
import { compileFullMatch } from "../../model/full_match.ts";
import type {
  HttpMatch,
  NamedMatch,
  PathMatch,
  TextMatch,
} from "../../model/http_route.ts";
import type { MatchedRequest } from "./matched_request.ts";

export type RequestTest = (request: MatchedRequest) => boolean;
export type TextTest = (text: string) => boolean;

/** Tests everything of a match, the cheapest first. */
export function compileMatch(match: HttpMatch): RequestTest {
  const { method, headers, query } = match;
  const path = compilePath(match.path);
  const named = [
    ...headers.map((h) => compileNamed(h, (r, name) => r.header(name))),
    ...query.map((q) => compileNamed(q, (r, name) => r.query(name))),
  ];
  return (request) =>
    (method === undefined || request.method === method) &&
    path(request.path) && named.every((test) => test(request));
}

/** An expression that RE2 does not take matches nothing: the translation has said so. */
function compileText({ kind, value }: TextMatch): TextTest {
  if (kind === "exact") return (text) => text === value;
  return compileFullMatch(value) ?? (() => false);
}

function compileNamed(
  { name, match }: NamedMatch,
  read: (request: MatchedRequest, name: string) => string | undefined,
): RequestTest {
  const test = compileText(match);
  return (request) => {
    const value = read(request, name);
    return value !== undefined && test(value);
  };
}

function compilePath(path: PathMatch): TextTest {
  switch (path.kind) {
    case "exact":
    case "regex":
      return compileText(path);
    case "prefix":
      return (text) => hasPathPrefix(text, path.value);
    case "grpc":
      return compileGrpc(path);
  }
}

/** @param prefix Without a slash at its end. */
export const hasPathPrefix = (path: string, prefix: string): boolean =>
  prefix === "" || path === prefix ||
  (path.startsWith(prefix) && path[prefix.length] === "/");

function compileGrpc(
  { service, method }: Extract<PathMatch, { kind: "grpc" }>,
): TextTest {
  if (service === undefined && method === undefined) return () => true;
  const any = () => true;
  const serviceTest = service === undefined ? any : compileText(service);
  const methodTest = method === undefined ? any : compileText(method);
  return (path) => {
    const call = splitGrpcPath(path);
    return call !== undefined && serviceTest(call.service) &&
      methodTest(call.method);
  };
}

/** @returns undefined for a path that is not `/SERVICE/METHOD`. */
export function splitGrpcPath(
  path: string,
): { service: string; method: string } | undefined {
  const slash = path.indexOf("/", 1);
  if (path[0] !== "/" || slash < 0) return undefined;
  const method = path.slice(slash + 1);
  return method.includes("/")
    ? undefined
    : { service: path.slice(1, slash), method };
}
