import { EMPTY_DELTA, type MeshDelta } from "./delta.ts";
import type { Policy } from "./policy.ts";

/**
 * Cuts a delta into parts that can be applied one by one with other work in
 * between. Policies come first, those that deny in front, and go last: what
 * closes something is in force before what opens something.
 *
 * @param size Most entries of one part.
 */
export function* slicesOf<WorkloadForm>(
  delta: MeshDelta<WorkloadForm>,
  size: number,
): Generator<MeshDelta<WorkloadForm>> {
  const order = [
    "policies",
    "services",
    "workloads",
    "removedWorkloads",
    "removedServices",
    "removedPolicies",
  ] as const satisfies readonly (keyof MeshDelta)[];
  for (const key of order) {
    const entries: readonly unknown[] = key === "policies"
      ? delta.policies.toSorted(denyFirst)
      : delta[key];
    for (let at = 0; at < entries.length; at += size) {
      const none = { ...EMPTY_DELTA, workloads: [] };
      yield { ...none, [key]: entries.slice(at, at + size) };
    }
  }
}

const denyFirst = (a: Policy, b: Policy): number =>
  Number(b.action === "Deny") - Number(a.action === "Deny");
