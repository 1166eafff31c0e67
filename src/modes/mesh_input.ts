import type { KubeObject, MeshSettings, Translation } from "../kube/mod.ts";

/** The objects in force, and the mesh that goes with them. */
export interface MeshInput {
  readonly objects: readonly KubeObject[];
  readonly settings: Partial<MeshSettings>;
  /**
   * What the objects say of the mesh, or what istiod says in their place; then
   * without the workloads that no waypoint is in front of.
   */
  readonly translation: Translation;
}
