import { type DueWaypoint, waypointTraversal } from "../decide/waypoint_due.ts";
import { gatewayName } from "../decide/gateway.ts";
import type { PolicyConnection } from "../decide/policy_match.ts";
import type { Workload } from "../model/workload.ts";
import type { WaypointBypass } from "../telemetry/traffic.ts";
import type { ProxyContext } from "./context.ts";
import { currentOf, denialOf, stillAllowed } from "./policy.ts";

/** How a connection may go on from where it reached its pod. */
export type Passage =
  /** To the application. `bypass` says that a waypoint was due and is not insisted on. */
  | { readonly kind: "straight"; readonly bypass?: "observe" }
  /** Round to the waypoint that it has not passed. */
  | { readonly kind: "turn"; readonly due: DueWaypoint }
  /** Nowhere. */
  | { readonly kind: "refuse"; readonly because: string };

/** Decides by today's mesh; counts nothing. */
export function judgePassage(
  { mesh, settings }: ProxyContext,
  workload: Workload,
  { identity, dst }: PolicyConnection,
): Passage {
  const pod = currentOf(mesh, workload);
  const traversal = waypointTraversal(mesh, { pod, identity, dst });
  if (traversal.kind !== "bypassed") return { kind: "straight" };
  const { due } = traversal;
  switch (settings.waypointBypass) {
    case "observe":
      return { kind: "straight", bypass: "observe" };
    case "reject":
      return {
        kind: "refuse",
        because: `bypassed waypoint ${gatewayName(due.gateway)}`,
      };
    case "hairpin":
      return { kind: "turn", due };
    default:
      throw new Error(`unhandled: ${settings.waypointBypass satisfies never}`);
  }
}

/** What was done about a bypass, for log and metrics; undefined when there was none. */
export function bypassOf(passage: Passage): WaypointBypass | undefined {
  if (passage.kind === "turn") return "hairpin";
  return passage.kind === "refuse" ? "reject" : passage.bypass;
}

/** Whether a connection that goes on by `passage` may still do so today. */
export function mayStay(
  context: ProxyContext,
  workload: Workload,
  held: { readonly connection: PolicyConnection; readonly passage: Passage },
): boolean {
  const { connection, passage } = held;
  if (passage.kind === "turn") {
    return denialOf(context, workload, connection) === undefined;
  }
  // A waypoint may have been put in front of what goes straight; where that was
  // decided not to matter, it does not matter now.
  const straight = bypassOf(passage) === "observe" ||
    judgePassage(context, workload, connection).kind === "straight";
  return straight && stillAllowed(context, workload, connection);
}
