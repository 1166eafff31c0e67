/** The parts of a route's status that are this waypoint's. */
import { isEqual } from "../../model/diff.ts";
import type { ParentReference, RouteStatus } from "../../model/route_status.ts";
import { mappings, mergeConditions, type Writing } from "./conditions.ts";
import { CONTROLLER_NAME } from "./controller.ts";

type Wanted = RouteStatus["parents"][number];

/** Parents of one status. Source: the Gateway API's own definition. */
const PARENTS_MAX = 32;

/**
 * `status.parents` as it is to be. What other controllers wrote stays as it is
 * and where it is; so does what another waypoint of hairpin wrote.
 *
 * @param current As the API server has it, which is not checked yet.
 * @param keeps Whether another waypoint tells about a parent.
 */
export function routeParentsStatus(
  current: unknown,
  wanted: readonly Wanted[],
  { keeps, ...writing }: Writing & {
    keeps(parent: unknown): boolean;
  },
): unknown[] {
  const left = [...wanted];
  const written = (entry: Wanted, conditions: unknown) => ({
    parentRef: entry.parent,
    controllerName: CONTROLLER_NAME,
    conditions: mergeConditions(conditions, entry.conditions, {
      ...writing,
      keepsOthers: false,
    }),
  });
  const kept = mappings(current).flatMap((before): unknown[] => {
    if (before.controllerName !== CONTROLLER_NAME) return [before];
    const at = left.findIndex(({ parent }) =>
      isSameParent(parent, before.parentRef)
    );
    const [entry] = at < 0 ? [] : left.splice(at, 1);
    if (entry !== undefined) return [written(entry, before.conditions)];
    return keeps(before.parentRef) ? [before] : [];
  });
  return [...kept, ...left.map((entry) => written(entry, []))]
    .slice(0, PARENTS_MAX);
}

/** A field that is left out has its default; those of the namespace are the same for both. */
export function isSameParent(parent: ParentReference, other: unknown): boolean {
  const { group = "gateway.networking.k8s.io", kind = "Gateway", ...rest } =
    (other ?? {}) as Partial<ParentReference>;
  return isEqual({ ...parent }, { group, kind, ...rest });
}
