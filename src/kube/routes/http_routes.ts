/** Rules of HTTPRoutes. */
import type {
  HttpAction,
  HttpBackend,
  HttpMatch,
  HttpRule,
  RouteRetry,
  RouteTimeouts,
} from "../../model/http_route.ts";
import type { HttpFilters } from "../../model/http_filters.ts";
import {
  type FilterContext,
  type FilterType,
  HTTP_FILTERS,
  httpFilters,
  withoutCors,
} from "./filters.ts";
import { httpMatches } from "./matches.ts";
import type { Backends, Referrer } from "./backends.ts";
import type { FieldPath, RouteNotes } from "./notes.ts";
import type { BackendRefs, RouteFilter } from "../schema/route_parts.ts";
import type { HttpRuleSpec } from "../schema/routes.ts";

/** @returns undefined when none of its matches can be asked. */
export function httpRule(
  spec: HttpRuleSpec,
  path: FieldPath,
  from: Referrer,
  backends: Backends,
): HttpRule | undefined {
  const before = from.notes.refused.length;
  const matches = httpMatches(spec, path, from.notes);
  const actions = ruleActions(spec, path, {
    from,
    backends,
    matches,
    types: HTTP_FILTERS,
  });
  const timeouts = readTimeouts(spec, path, from.notes);
  const retry = readRetry(spec.retry);
  return finishRule(spec.name, matches, {
    ...actions,
    timeouts,
    ...retry && { retry },
    refused: from.notes.refused[before]?.message,
  });
}

/** Everything of a rule but its name and matches. */
interface RuleParts extends Pick<HttpRule, "filters" | "timeouts" | "retry"> {
  readonly action: HttpAction;
  /** The first reason why it cannot be done as it is written. */
  readonly refused: string | undefined;
}

/** A rule with anything that cannot be done fails its requests: none of it is skipped. */
export function finishRule(
  name: string | undefined,
  matches: readonly HttpMatch[],
  { refused, action, ...parts }: RuleParts,
): HttpRule | undefined {
  if (matches.length === 0) return undefined;
  return {
    ...name !== undefined && { name },
    matches,
    ...parts,
    action: refused === undefined
      ? action
      : { kind: "invalid", because: refused },
  };
}

/** Filters and backends of a rule of either kind. */
export function ruleActions(
  spec: {
    readonly filters: readonly RouteFilter[];
    readonly backendRefs: BackendRefs;
  },
  path: FieldPath,
  context: FilterContext & { readonly types: readonly FilterType[] },
): { filters: HttpFilters; action: HttpAction } {
  const filters = httpFilters(spec.filters, path, context);
  const backends = spec.backendRefs.map((ref, index): HttpBackend => {
    const here = [...path, "backendRefs", index];
    return {
      weight: ref.weight,
      target: context.backends.resolve(ref, here, context.from),
      filters: httpFilters(ref.filters, here, {
        ...context,
        types: withoutCors(context.types),
      }),
    };
  });
  if (filters.redirect === undefined) {
    return { filters, action: { kind: "forward", backends } };
  }
  if (backends.length > 0) {
    const why = "stands beside a RequestRedirect, which sends nothing on";
    context.from.notes.refuse(
      [...path, "backendRefs"],
      why,
      "IncompatibleFilters",
    );
  }
  return { filters, action: { kind: "redirect" } };
}

/** A limit of 0 is none. */
function readTimeouts(
  { timeouts: { request, backendRequest } }: HttpRuleSpec,
  path: FieldPath,
  notes: RouteNotes,
): RouteTimeouts {
  if (request && backendRequest && backendRequest > request) {
    const why = "has a longer backendRequest than request";
    notes.refuse([...path, "timeouts"], why);
  }
  return {
    ...request && { requestMs: request },
    ...backendRequest && { attemptMs: backendRequest },
  };
}

function readRetry(retry: HttpRuleSpec["retry"]): RouteRetry | undefined {
  if (retry === undefined) return undefined;
  const { codes, attempts, backoff } = retry;
  return {
    codes: [...new Set(codes)],
    ...attempts !== undefined && { attempts },
    ...backoff !== undefined && { backoffMs: backoff },
  };
}
