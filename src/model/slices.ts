import { EMPTY_DELTA, type MeshDelta } from "./delta.ts";

/**
 * Cuts a delta into parts that can be applied one by one with other work in
 * between. Policies come first and go last, so that no part of the way admits
 * what neither the start nor the end does.
 *
 * @param size Most entries of one part.
 */
export function* slicesOf(
  delta: MeshDelta,
  size: number,
): Generator<MeshDelta> {
  const order = [
    "policies",
    "services",
    "workloads",
    "removedWorkloads",
    "removedServices",
    "removedPolicies",
  ] as const satisfies readonly (keyof MeshDelta)[];
  for (const key of order) {
    const entries: readonly unknown[] = delta[key];
    for (let at = 0; at < entries.length; at += size) {
      yield { ...EMPTY_DELTA, [key]: entries.slice(at, at + size) };
    }
  }
}
