import type { Policy } from "./policy.ts";
import type { Service } from "./service.ts";
import type {
  PolicyKey,
  ServiceKey,
  Workload,
  WorkloadUid,
} from "./workload.ts";

/**
 * One step of the mesh's state, from any source. Removals follow upserts; what
 * is not named stays. Crosses threads as it is.
 */
export interface MeshDelta<WorkloadForm = Workload> {
  readonly workloads: readonly WorkloadForm[];
  readonly services: readonly Service[];
  readonly policies: readonly Policy[];
  readonly removedWorkloads: readonly WorkloadUid[];
  readonly removedServices: readonly ServiceKey[];
  readonly removedPolicies: readonly PolicyKey[];
}

export const EMPTY_DELTA: MeshDelta = {
  workloads: [],
  services: [],
  policies: [],
  removedWorkloads: [],
  removedServices: [],
  removedPolicies: [],
};
