/** Filters of rules and backends. */
import { FRAMING_FIELDS } from "../../model/http.ts";
import type {
  HeaderModifier,
  HttpFilters,
  HttpRedirect,
  HttpRewrite,
  Mirror,
  PathReplacement,
  RedirectStatus,
} from "../../model/http_filters.ts";
import type { HttpMatch } from "../../model/http_route.ts";
import { corsPolicy } from "./cors.ts";
import type { Backends, Referrer } from "./backends.ts";
import type { FieldPath, RouteNotes } from "./notes.ts";
import type {
  HeaderFilter,
  PathModifier,
  RouteFilter,
} from "../schema/route_parts.ts";

/** Whose filters are read. */
export interface FilterContext {
  readonly from: Referrer;
  readonly backends: Backends;
  /** Of the rule: a prefix can be replaced only where one is matched. */
  readonly matches: readonly HttpMatch[];
  /** Types that the route's kind has. */
  readonly types: readonly FilterType[];
}

/** The field of a filter that each type reads. */
const BLOCKS = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestMirror: "requestMirror",
  RequestRedirect: "requestRedirect",
  URLRewrite: "urlRewrite",
  CORS: "cors",
} as const satisfies Record<string, keyof RouteFilter>;

export type FilterType = keyof typeof BLOCKS;

export const HTTP_FILTERS = Object.keys(BLOCKS) as readonly FilterType[];
export const GRPC_FILTERS: readonly FilterType[] = [
  "RequestHeaderModifier",
  "ResponseHeaderModifier",
  "RequestMirror",
];

/** A backend cannot answer a browser's question: it is chosen after that. */
export const withoutCors = (
  types: readonly FilterType[],
): readonly FilterType[] => types.filter((type) => type !== "CORS");

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Building = Mutable<Omit<HttpFilters, "mirrors">> & { mirrors: Mirror[] };

/** What the filters do together; those that cannot be done are refused in the notes. */
export function httpFilters(
  filters: readonly RouteFilter[],
  path: FieldPath,
  context: FilterContext,
): HttpFilters {
  const built: Building = { mirrors: [] };
  const { notes } = context.from;
  for (const [index, filter] of filters.entries()) {
    const here = [...path, "filters", index];
    const type = context.types.find((known) => known === filter.type);
    const first = filters.findIndex((other) => other.type === filter.type);
    if (type === undefined) {
      notes.refuse(here, `has the type ${filter.type}, not supported here`);
    } else if (first < index && type !== "RequestMirror") {
      notes.refuse(here, `is a second ${type}`);
    } else if (filter[BLOCKS[type]] === undefined) {
      notes.refuse(here, `has no ${BLOCKS[type]}`);
    } else addFilter(built, filter, [...here, BLOCKS[type]], context);
  }
  if (built.redirect !== undefined && built.rewrite !== undefined) {
    const why = "has both a RequestRedirect and a URLRewrite";
    notes.refuse([...path, "filters"], why, "IncompatibleFilters");
  }
  return built;
}

/** Of a filter only the block of its type counts. */
function addFilter(
  built: Building,
  filter: RouteFilter,
  path: FieldPath,
  context: FilterContext,
): void {
  const { notes } = context.from;
  const block = <K extends FilterType>(type: K) =>
    filter.type === type ? filter[BLOCKS[type]] : undefined;
  const requestHeaders = block("RequestHeaderModifier");
  if (requestHeaders !== undefined) {
    built.requestHeaders = modifier(requestHeaders, path, notes, ["host"]);
  }
  const responseHeaders = block("ResponseHeaderModifier");
  if (responseHeaders !== undefined) {
    built.responseHeaders = modifier(responseHeaders, path, notes);
  }
  const redirect = block("RequestRedirect");
  if (redirect !== undefined) {
    built.redirect = readRedirect(redirect, path, context);
  }
  const rewrite = block("URLRewrite");
  if (rewrite !== undefined) {
    built.rewrite = readRewrite(rewrite, path, context);
  }
  const mirror = block("RequestMirror");
  if (mirror !== undefined) {
    built.mirrors.push(readMirror(mirror, path, context));
  }
  const cors = block("CORS");
  const policy = cors && corsPolicy(cors, path, notes);
  if (policy !== undefined) built.cors = policy;
}

/** @param settable Fields that may be set all the same. */
function modifier(
  { set, add, remove }: HeaderFilter,
  path: FieldPath,
  notes: RouteNotes,
  settable: readonly string[] = [],
): HeaderModifier {
  const lists = {
    set: set.map(({ name }) => name).filter((name) => !settable.includes(name)),
    add: add.map(({ name }) => name),
    remove,
  };
  for (const [key, names] of Object.entries(lists)) {
    const bad = names.find((name) => FRAMING_FIELDS.has(name));
    if (bad === undefined) continue;
    notes.refuse([...path, key], `names "${bad}", which no route may change`);
  }
  return {
    set: firstOfEach(set),
    add: firstOfEach(add),
    remove: [...new Set(remove)],
  };
}

/** Of two for one name the first counts: the Gateway API says so. */
function firstOfEach(
  changes: HeaderFilter["set"],
): (readonly [string, string])[] {
  const byName = new Map<string, string>();
  for (const { name, value } of changes) {
    if (!byName.has(name)) byName.set(name, value);
  }
  return [...byName];
}

const STATUSES: readonly RedirectStatus[] = [301, 302, 303, 307, 308];

function readRedirect(
  filter: NonNullable<RouteFilter["requestRedirect"]>,
  path: FieldPath,
  context: FilterContext,
): HttpRedirect {
  const { notes } = context.from;
  const { scheme, hostname, port, statusCode } = filter;
  const status = STATUSES.find((known) => known === statusCode);
  if (status === undefined) {
    notes.refuse([...path, "statusCode"], `is none of ${STATUSES.join(", ")}`);
  }
  const isKnown = scheme === "http" || scheme === "https";
  if (scheme !== undefined && !isKnown) {
    notes.refuse([...path, "scheme"], "is neither http nor https");
  }
  return {
    ...isKnown && { scheme },
    ...hostname !== undefined && { hostname },
    ...replacement(filter.path, path, context),
    ...port !== undefined && { port },
    status: status ?? 302,
  };
}

const readRewrite = (
  { hostname, path: modifier }: NonNullable<RouteFilter["urlRewrite"]>,
  path: FieldPath,
  context: FilterContext,
): HttpRewrite => ({
  ...hostname !== undefined && { hostname },
  ...replacement(modifier, path, context),
});

function replacement(
  modifier: PathModifier | undefined,
  path: FieldPath,
  { from: { notes }, matches }: FilterContext,
): { path?: PathReplacement } {
  if (modifier === undefined) return {};
  const { type, replaceFullPath, replacePrefixMatch } = modifier;
  if (type === "ReplaceFullPath" && replaceFullPath !== undefined) {
    return { path: { kind: "full", value: replaceFullPath } };
  }
  if (type !== "ReplacePrefixMatch" || replacePrefixMatch === undefined) {
    const why = "needs a type, and the field of that type";
    notes.refuse([...path, "path"], why);
    return {};
  }
  if (!matches.every(({ path }) => path.kind === "prefix")) {
    const why = "replaces a prefix, and not every match is a PathPrefix";
    notes.refuse([...path, "path"], why);
  }
  return { path: { kind: "prefix", value: replacePrefixMatch } };
}

function readMirror(
  { backendRef, percent, fraction }: NonNullable<RouteFilter["requestMirror"]>,
  path: FieldPath,
  { from, backends }: FilterContext,
): Mirror {
  if (percent !== undefined && fraction !== undefined) {
    from.notes.refuse(path, "has both percent and fraction");
  }
  const { numerator, denominator } = fraction ??
    { numerator: percent ?? 100, denominator: 100 };
  if (numerator > denominator) {
    from.notes.refuse([...path, "fraction"], "is more than the whole");
  }
  const target = backends.resolve(backendRef, [...path, "backendRef"], from);
  return { target, share: Math.min(1, numerator / denominator) };
}
