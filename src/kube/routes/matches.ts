/** Matches of HTTPRoutes and GRPCRoutes. */
import { compileFullMatch, REGEX_LENGTH_MAX } from "../../model/full_match.ts";
import type {
  HttpMatch,
  NamedMatch,
  PathMatch,
  TextMatch,
} from "../../model/http_route.ts";
import type { FieldPath, RouteNotes } from "./notes.ts";
import type {
  GrpcRuleSpec,
  HttpMatchSpec,
  HttpRuleSpec,
} from "../schema/routes.ts";

/** Matches a rule has when it names none: everything. */
const ANY_HTTP: HttpMatch = {
  path: { kind: "prefix", value: "" },
  headers: [],
  query: [],
};
const ANY_GRPC: HttpMatch = { ...ANY_HTTP, path: { kind: "grpc" } };

/** The matches that can be asked; the others are refused in `notes`. */
export function httpMatches(
  { matches }: HttpRuleSpec,
  path: FieldPath,
  notes: RouteNotes,
): HttpMatch[] {
  if (matches.length === 0) return [ANY_HTTP];
  return matches.map((match, index) =>
    httpMatch(match, [...path, "matches", index], notes)
  ).filter((match) => match !== undefined);
}

function httpMatch(
  match: HttpMatchSpec,
  path: FieldPath,
  notes: RouteNotes,
): HttpMatch | undefined {
  const pathMatch = readPath(match.path, [...path, "path"], notes);
  const headers = named(match.headers, [...path, "headers"], notes);
  const query = named(match.queryParams, [...path, "queryParams"], notes);
  const { method } = match;
  if (method !== undefined && !METHODS.includes(method)) {
    notes.refuse([...path, "method"], "is no HTTP method");
    return undefined;
  }
  if (pathMatch === undefined || headers === undefined || query === undefined) {
    return undefined;
  }
  return {
    path: pathMatch,
    ...method !== undefined && { method },
    headers,
    query,
  };
}

const METHODS: readonly string[] = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
];

function readPath(
  { type, value }: HttpMatchSpec["path"],
  path: FieldPath,
  notes: RouteNotes,
): PathMatch | undefined {
  if (type === "RegularExpression") {
    return textMatch(type, value, path, notes);
  }
  if (type !== "Exact" && type !== "PathPrefix") {
    notes.refuse(path, `has the unknown type "${type}"`);
    return undefined;
  }
  if (!value.startsWith("/")) {
    notes.refuse(path, "does not begin with a slash");
    return undefined;
  }
  return type === "Exact"
    ? { kind: "exact", value }
    : { kind: "prefix", value: value.replace(/\/+$/, "") };
}

/** @returns undefined when one of them cannot be asked: all must hold. */
function named(
  matches: HttpMatchSpec["headers"],
  path: FieldPath,
  notes: RouteNotes,
): NamedMatch[] | undefined {
  const read: NamedMatch[] = [];
  for (const [index, { type, name, value }] of matches.entries()) {
    // Of two for one name the first counts: the Gateway API says so.
    if (read.some((other) => other.name === name)) continue;
    const match = textMatch(type, value, [...path, index], notes);
    if (match === undefined) return undefined;
    read.push({ name, match });
  }
  return read;
}

function textMatch(
  type: string,
  value: string,
  path: FieldPath,
  notes: RouteNotes,
): TextMatch | undefined {
  if (type === "Exact") return { kind: "exact", value };
  if (type !== "RegularExpression") {
    notes.refuse(path, `has the unknown type "${type}"`);
    return undefined;
  }
  if (compileFullMatch(value) !== undefined) return { kind: "regex", value };
  notes.refuse(
    path,
    `is no RE2 expression of ${REGEX_LENGTH_MAX} characters at most`,
  );
  return undefined;
}

/** As {@link httpMatches}. */
export function grpcMatches(
  { matches }: GrpcRuleSpec,
  path: FieldPath,
  notes: RouteNotes,
): HttpMatch[] {
  if (matches.length === 0) return [ANY_GRPC];
  return matches.map((match, index) =>
    grpcMatch(match, [...path, "matches", index], notes)
  ).filter((match) => match !== undefined);
}

function grpcMatch(
  { method, headers: wanted }: GrpcRuleSpec["matches"][number],
  path: FieldPath,
  notes: RouteNotes,
): HttpMatch | undefined {
  const call = grpcCall(method, [...path, "method"], notes);
  const headers = named(wanted, [...path, "headers"], notes);
  return call === undefined || headers === undefined
    ? undefined
    : { path: call, headers, query: [] };
}

function grpcCall(
  wanted: GrpcRuleSpec["matches"][number]["method"],
  path: FieldPath,
  notes: RouteNotes,
): PathMatch | undefined {
  const part = (key: "service" | "method") => {
    const value = wanted?.[key];
    if (wanted === undefined || value === undefined || value === "") return {};
    const match = textMatch(wanted.type, value, [...path, key], notes);
    return match && { [key]: match };
  };
  const service = part("service");
  const method = part("method");
  return service === undefined || method === undefined
    ? undefined
    : { kind: "grpc", ...service, ...method };
}
