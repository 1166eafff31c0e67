import type { MeshDelta } from "./delta.ts";

/** The whole of a mesh's state at one time. */
export type MeshResources = Pick<
  MeshDelta,
  "workloads" | "services" | "policies"
>;

/** Whether a step changes nothing. */
export const isEmptyDelta = (delta: MeshDelta<unknown>): boolean =>
  Object.values(delta).every((list) => list.length === 0);

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
