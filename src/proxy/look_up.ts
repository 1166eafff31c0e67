import { HairpinError } from "../base/errors.ts";
import type { MeshReader } from "../model/mesh_state.ts";

/** What the mesh does not have, and the control plane has not said in time. */
export class LookupError extends HairpinError {
  readonly code = "API";
}

/** Has the mesh told on demand. */
export interface Lookups {
  /**
   * Decides anew until everything that was looked up is there, or is known not
   * to exist.
   *
   * @throws {LookupError}
   */
  settle<T>(decide: (mesh: MeshReader) => T): Promise<T>;
}

/**
 * Decides by the mesh.
 *
 * @throws {LookupError} where it is told on demand, and is not told in time.
 */
export function lookUp<T>(
  { mesh, lookups }: {
    readonly mesh: MeshReader;
    readonly lookups?: Lookups;
  },
  decide: (mesh: MeshReader) => T,
): T | Promise<T> {
  return lookups === undefined ? decide(mesh) : lookups.settle(decide);
}
