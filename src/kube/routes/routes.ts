/** All routes that a waypoint has to follow, and what their statuses are to say. */
import * as v from "valibot";
import type { RouteSet } from "../../model/route_set.ts";
import type { RouteCondition, RouteStatus } from "../../model/route_status.ts";
import { nameOf } from "../objects.ts";
import { unpackSpec } from "../packed_spec.ts";
import { formatProblem, problemOfIssue } from "../problem.ts";
import { type ReadRoute, readRoute, type RouteSource } from "./read_route.ts";
import type { Backends } from "./backends.ts";
import { type Claim, claimOf, type ParentContext } from "./parents.ts";
import { RouteSets } from "./sets.ts";
import { parents } from "../schema/route_parts.ts";

export interface TranslatedRoutes {
  readonly routes: readonly RouteSet[];
  readonly statuses: readonly RouteStatus[];
  readonly warnings: readonly string[];
}

/** The highest first: on one port of a service only one kind decides. */
const KINDS = ["GRPCRoute", "HTTPRoute", "TLSRoute", "TCPRoute"] as const;

export function translateRoutes(
  context: ParentContext,
  backends: Backends,
): TranslatedRoutes {
  const sets = new RouteSets();
  const statuses: RouteStatus[] = [];
  const warnings: string[] = [];
  for (const object of KINDS.flatMap((kind) => context.objects.all(kind))) {
    const source = { ...object, spec: unpackSpec(object.spec) };
    const what = `${source.kind} "${nameOf(source)}"`;
    const { claims, problem } = claimsOf(source, context);
    if (problem !== undefined) warnings.push(`${what} is not used: ${problem}`);
    if (claims.length === 0) continue;
    const read = readRoute(source, servicesOf(claims), backends);
    const results = claims.map((claim) => settle(claim, read, sets));
    statuses.push(statusOf(source, read, results));
    warnings.push(...linesOf(read, results).map((line) => `${what}: ${line}`));
  }
  return { routes: sets.all(), statuses, warnings };
}

function claimsOf(
  source: RouteSource,
  context: ParentContext,
): { claims: Claim[]; problem?: string } {
  const { success, output, issues } = v.safeParse(parents, source.spec);
  if (!success) {
    const { path, ...problem } = problemOfIssue(issues[0]);
    const why = formatProblem({ ...problem, path: ["spec", ...path] });
    return { claims: [], problem: why };
  }
  const claims = output.parentRefs.map((ref) => claimOf(ref, source, context))
    .filter((claim) => claim !== undefined);
  return { claims };
}

const servicesOf = (claims: readonly Claim[]): Set<string> =>
  new Set(claims.flatMap(({ scopes }) => scopes.map(({ service }) => service)));

/** A claim after other kinds of routes had their turn. */
interface Settled {
  readonly claim: Claim;
  readonly won: number;
  /** Why some or all of its scopes are not the route's. */
  readonly lost?: string;
}

function settle(claim: Claim, { route }: ReadRoute, sets: RouteSets): Settled {
  if (claim.refusal !== undefined) {
    return { claim, won: 0, lost: claim.refusal };
  }
  const lost = claim.scopes.filter((scope) => !sets.claim(scope, route));
  const won = claim.scopes.length - lost.length;
  if (lost.length === 0) return { claim, won };
  const ports = [...new Set(lost.map(({ port }) => port))].join(", ");
  const why = `routes of a higher kind than ${route.kind} decide about port`;
  return { claim, won, lost: `${why} ${ports} of "${claim.parent.name}"` };
}

const statusOf = (
  { kind, metadata: { namespace, name } }: RouteSource,
  read: ReadRoute,
  results: readonly Settled[],
): RouteStatus => ({
  kind,
  namespace,
  name,
  parents: results.map((settled) => ({
    parent: settled.claim.parent,
    conditions: [
      accepted(read, settled),
      resolved(read),
      ...partlyInvalid(read),
    ],
  })),
});

function accepted(
  { usable, notes }: ReadRoute,
  { won, lost, claim }: Settled,
): RouteCondition {
  const no = (reason: string, lines: readonly string[]): RouteCondition => ({
    type: "Accepted",
    status: "False",
    reason,
    message: lines.join("; "),
  });
  if (claim.refusal !== undefined) {
    return no("NoMatchingParent", [claim.refusal]);
  }
  if (won === 0 && lost !== undefined) return no("RouteKindConflict", [lost]);
  if (!usable) {
    const reason = notes.refused[0]?.reason ?? "UnsupportedValue";
    return no(reason, notes.refused.map(({ message }) => message));
  }
  const remarks = [...lost === undefined ? [] : [lost], ...notes.ignored];
  return {
    type: "Accepted",
    status: "True",
    reason: "Accepted",
    message: remarks.join("; "),
  };
}

function resolved({ notes: { unresolved } }: ReadRoute): RouteCondition {
  return {
    type: "ResolvedRefs",
    status: unresolved.length === 0 ? "True" : "False",
    reason: unresolved[0]?.reason ?? "ResolvedRefs",
    message: unresolved.map(({ message }) => message).join("; "),
  };
}

function partlyInvalid({ usable, notes }: ReadRoute): RouteCondition[] {
  const [first] = notes.refused;
  if (!usable || first === undefined) return [];
  return [{
    type: "PartiallyInvalid",
    status: "True",
    reason: first.reason,
    message: notes.refused.map(({ message }) => message).join("; "),
  }];
}

const linesOf = ({ notes }: ReadRoute, results: readonly Settled[]) => [
  ...results.map(({ lost }) => lost).filter((line) => line !== undefined),
  ...notes.lines(),
];
