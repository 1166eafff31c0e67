import type { CertificateState } from "../../model/certificate.ts";
import type { MeshReader } from "../../model/mesh_state.ts";
import type { TokenRule } from "../../model/request_authentication.ts";
import type { PathNormalization } from "../../model/mesh_config.ts";
import type { ServiceKey, Workload } from "../../model/workload.ts";
import type { CompiledPolicies } from "../http/policies.ts";
import type { RouteTable } from "../http/route.ts";
import type { Fronted } from "../waypoint_target.ts";

/** What a process knows and how it is set; what connections are decided by. */
export interface ExplainContext {
  readonly mesh: MeshReader;
  readonly network: string;
  readonly clusterDomain: string;
  /** The node of this process. */
  readonly node: string;
  readonly nodeLocalLane: boolean;
  readonly waypointBypass: "hairpin" | "reject" | "observe";
  readonly waypointUnreachable: "fail" | "open";
  /** Whether this process serves the pod of a workload. */
  serves(workload: Workload): boolean;
  /** undefined: not asked for yet. */
  certificateOf(spiffeId: string): CertificateState | undefined;
  /** What this process is told to do as a waypoint; absent in node mode. */
  readonly waypoint?: ExplainedWaypoint | undefined;
}

export interface ExplainedWaypoint {
  /** `namespace/name` of its Gateway. */
  readonly gateway: string;
  readonly workload: Workload;
  readonly view: WaypointRules;
}

/** A waypoint's orders, ready to be asked. */
export interface WaypointRules extends Fronted {
  readonly routes: RouteTable;
  readonly pathNormalization: PathNormalization;
  policiesFor(
    service: ServiceKey | undefined,
    traffic: "http" | "tcp",
  ): CompiledPolicies;
  tokenRulesFor(service: ServiceKey | undefined): readonly TokenRule[];
}
