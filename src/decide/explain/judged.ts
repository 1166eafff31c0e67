import type { ExplainedWay } from "../../model/explanation.ts";
import type { HttpPeer } from "../../model/http.ts";
import type { ServiceKey } from "../../model/workload.ts";
import type { ServiceTarget } from "../http/choose_backend.ts";
import type { ExplainedWaypoint } from "./context.ts";

/** What reached a waypoint, and is to be judged. */
export interface WaypointInquiry {
  readonly waypoint: ExplainedWaypoint;
  /** Whom policies see. */
  readonly peer: HttpPeer;
  /** undefined for a pod that is called by its own address. */
  readonly service: ServiceKey | undefined;
  readonly port: number;
}

export type Judged =
  | { readonly kind: "end"; readonly way: ExplainedWay }
  /** Where to; undefined for the pod that was called. */
  | { readonly kind: "send"; readonly target: ServiceTarget | undefined };
