/** What Istio's MeshConfig says that a waypoint needs. Plain data. */
import type { ExternalAuthorizer } from "./external_authorizer.ts";

/** How far a path is brought to one form before it is judged and forwarded. */
export type PathNormalization =
  | "NONE"
  | "BASE"
  | "MERGE_SLASHES"
  | "DECODE_AND_MERGE_SLASHES";

export interface MeshConfig {
  /** undefined when it is not given: the process's own setting holds. */
  readonly trustDomain: string | undefined;
  /** Further names of the mesh's trust domain in policies. */
  readonly trustDomainAliases: readonly string[];
  readonly pathNormalization: PathNormalization;
  /** By the name that policies use. */
  readonly authorizers: Readonly<Record<string, ExternalAuthorizer>>;
}

/** What holds without a MeshConfig: Istio's defaults. */
export const DEFAULT_MESH_CONFIG: MeshConfig = {
  trustDomain: undefined,
  trustDomainAliases: [],
  pathNormalization: "BASE",
  authorizers: {},
};
