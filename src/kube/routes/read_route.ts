/** One route of any kind, read with all that is wrong with it. */
import * as v from "valibot";
import type { HttpMatch, HttpRoute, HttpRule } from "../../model/http_route.ts";
import type { StreamRoute } from "../../model/route_set.ts";
import { grpcRule } from "./grpc_routes.ts";
import { httpRule } from "./http_routes.ts";
import { PROBLEMS_MAX } from "../limits.ts";
import type { ObjectMeta } from "../objects.ts";
import { formatProblem, problemOfIssue } from "../problem.ts";
import type { Backends } from "./backends.ts";
import { RouteNotes } from "./notes.ts";
import {
  grpcRouteSpec,
  httpRouteSpec,
  tcpRouteSpec,
  tlsRouteSpec,
} from "../schema/routes.ts";
import { streamRules } from "./stream_routes.ts";
import { unreadFields } from "../unread_fields.ts";

export type AnyRoute = HttpRoute | StreamRoute;

/** A route as Kubernetes has it. */
export interface RouteSource {
  readonly kind: AnyRoute["kind"];
  readonly metadata: ObjectMeta;
  readonly spec: unknown;
}

export interface ReadRoute {
  readonly route: AnyRoute;
  readonly notes: RouteNotes;
  /** Whether some of its rules can be done. */
  readonly usable: boolean;
}

/**
 * Reads a route. One that cannot be read at all becomes a route whose requests
 * fail: without it they would go on past what it was to do.
 *
 * @param parents Keys of the services that it is attached to.
 */
export function readRoute(
  source: RouteSource,
  parents: ReadonlySet<string>,
  backends: Backends,
): ReadRoute {
  const { kind, metadata } = source;
  const notes = new RouteNotes();
  const head = {
    namespace: metadata.namespace,
    name: metadata.name,
    createdAtMs: Date.parse(metadata.creationTimestamp ?? "") || 0,
  };
  const from = { kind, namespace: metadata.namespace, parents, notes };
  switch (kind) {
    case "HTTPRoute": {
      const spec = readSpec(httpRouteSpec, source, notes);
      const rules = spec?.rules.map((rule, index) =>
        httpRule(rule, ["spec", "rules", index], from, backends)
      );
      return httpResult({ kind, ...head }, rules, notes);
    }
    case "GRPCRoute": {
      const spec = readSpec(grpcRouteSpec, source, notes);
      const rules = spec?.rules.map((rule, index) =>
        grpcRule(rule, ["spec", "rules", index], from, backends)
      );
      return httpResult({ kind, ...head }, rules, notes);
    }
    case "TLSRoute": {
      const spec = readSpec(tlsRouteSpec, source, notes);
      const rules = spec && streamRules(spec.rules, from, backends);
      const { hostnames = [] } = spec ?? {};
      return streamResult({ kind, ...head, hostnames }, rules, notes);
    }
    case "TCPRoute": {
      const spec = readSpec(tcpRouteSpec, source, notes);
      const rules = spec && streamRules(spec.rules, from, backends);
      return streamResult({ kind, ...head, hostnames: [] }, rules, notes);
    }
  }
}

/** @param rules undefined when the route could not be read: without a rule its connections fail. */
const streamResult = (
  head: Omit<StreamRoute, "rules">,
  rules: StreamRoute["rules"] | undefined,
  notes: RouteNotes,
): ReadRoute => ({
  route: { ...head, rules: rules ?? [] },
  notes,
  usable: rules !== undefined,
});

/** Fields that no schema knows are noted; so is why a route cannot be read. */
function readSpec<T>(
  schema: v.GenericSchema<unknown, T>,
  { spec }: RouteSource,
  notes: RouteNotes,
): T | undefined {
  const { success, output, issues } = v.safeParse(schema, spec);
  if (success) {
    for (const path of unreadFields(spec, output, ["spec"])) notes.ignore(path);
    return output;
  }
  for (const issue of issues.slice(0, PROBLEMS_MAX)) {
    const { path, ...problem } = problemOfIssue(issue);
    const message = formatProblem({ ...problem, path: ["spec", ...path] });
    notes.refused.push({ reason: "UnsupportedValue", message });
  }
  return undefined;
}

/** @param rules undefined when the route could not be read; a rule, when it has no match. */
function httpResult(
  head: Omit<HttpRoute, "rules">,
  rules: readonly (HttpRule | undefined)[] | undefined,
  notes: RouteNotes,
): ReadRoute {
  if (rules === undefined) {
    const because = notes.refused[0]?.message ?? "it cannot be read";
    const route = { ...head, rules: [failing(head.kind, because)] };
    return { route, notes, usable: false };
  }
  const kept = rules.filter((rule) => rule !== undefined);
  return {
    route: { ...head, rules: kept },
    notes,
    usable: rules.length === 0 ||
      kept.some(({ action }) => action.kind !== "invalid"),
  };
}

function failing(kind: HttpRoute["kind"], because: string): HttpRule {
  const path: HttpMatch["path"] = kind === "GRPCRoute"
    ? { kind: "grpc" }
    : { kind: "prefix", value: "" };
  return {
    matches: [{ path, headers: [], query: [] }],
    filters: { mirrors: [] },
    action: { kind: "invalid", because },
    timeouts: {},
  };
}
