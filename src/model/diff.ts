import type { MeshDelta } from "./delta.ts";
import type { Policy } from "./policy.ts";
import { type Service, serviceKey } from "./service.ts";
import type { Workload } from "./workload.ts";

/** The whole of a mesh's state at one time. */
export type MeshResources = Pick<
  MeshDelta,
  "workloads" | "services" | "policies"
>;

/** The least change that leads from one state to another; what stayed equal is not in it. */
export function diffMesh(
  previous: MeshResources,
  next: MeshResources,
): MeshDelta {
  const uidOf = ({ uid }: Workload) => uid;
  const keyOf = ({ key }: Policy) => key;
  const workloads = diff(previous.workloads, next.workloads, uidOf);
  const services = diff<Service>(previous.services, next.services, serviceKey);
  const policies = diff(previous.policies, next.policies, keyOf);
  return {
    workloads: workloads.changed,
    services: services.changed,
    policies: policies.changed,
    removedWorkloads: workloads.removed,
    removedServices: services.removed,
    removedPolicies: policies.removed,
  };
}

/** Whether a step changes nothing. */
export const isEmptyDelta = (delta: MeshDelta): boolean =>
  Object.values(delta).every((list) => list.length === 0);

function diff<T>(
  previous: readonly T[],
  next: readonly T[],
  keyOf: (item: T) => string,
): { changed: T[]; removed: string[] } {
  const old = new Map(previous.map((item) => [keyOf(item), item]));
  const now = new Map(next.map((item) => [keyOf(item), item]));
  return {
    changed: [...now].filter(([key, item]) => !isEqual(old.get(key), item)).map(
      ([, item]) => item,
    ),
    removed: [...old.keys()].filter((key) => !now.has(key)),
  };
}

/** Equal as plain data; the order of keys does not count, that of lists does. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) =>
      Object.hasOwn(b, key) &&
      isEqual(a[key as keyof typeof a], b[key as keyof typeof b])
    );
}
