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

/** A connection as it reached its pod. */
export interface ArrivedConnection extends PolicyConnection {
  /** The service that it called, as its tunnel says. */
  readonly calledHost?: string | undefined;
}

/**
 * Decides by today's mesh; counts nothing. Refused is only what Istio would
 * have sent another way; what it sends straight is turned round or observed.
 */
export function judgePassage(
  { mesh, settings }: ProxyContext,
  workload: Workload,
  { identity, dst, calledHost }: ArrivedConnection,
): Passage {
  const pod = currentOf(mesh, workload);
  const arrival = { pod, identity, dst, calledHost };
  const traversal = waypointTraversal(mesh, arrival);
  if (traversal.kind !== "bypassed") return { kind: "straight" };
  const { due, asIstioDoes } = traversal;
  switch (settings.waypointBypass) {
    case "observe":
      return { kind: "straight", bypass: "observe" };
    case "reject":
      if (asIstioDoes) return { kind: "straight" };
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
  held: { readonly connection: ArrivedConnection; readonly passage: Passage },
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
