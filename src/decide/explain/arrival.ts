/** A connection that has reached a pod which is enrolled. */
import { formatAddress, type SocketAddress } from "../../model/address.ts";
import type { ExplainedWay } from "../../model/explanation.ts";
import type { Identity } from "../../model/identity.ts";
import type { Workload } from "../../model/workload.ts";
import { authorize } from "../authorize.ts";
import { gatewayName } from "../gateway.ts";
import { routeHairpin } from "../hairpin_route.ts";
import {
  type DueWaypoint,
  type Traversal,
  waypointTraversal,
} from "../waypoint_due.ts";
import type { Inquiry } from "./inquiry.ts";
import { podName } from "./parties.ts";
import { notePolicies, sayVerdict } from "./policies.ts";

export interface Arrived {
  readonly pod: Workload;
  readonly src: SocketAddress;
  readonly dst: SocketAddress;
  /** What the peer proves; undefined without a tunnel. */
  readonly identity: Identity | undefined;
  /** The service that it calls, as its tunnel says. Default: none is said. */
  readonly calledHost?: string | undefined;
}

/** It goes round to a waypoint, on behalf of who called. */
export interface Turned {
  readonly kind: "turn";
  readonly destination: Workload;
  readonly authority: string;
  readonly src: SocketAddress;
  readonly identity: Identity | undefined;
}

export type ArrivalEnd = ExplainedWay | Turned;

/** Waypoint, then policy, then the application: in the order of a connection. */
export function explainArrival(inquiry: Inquiry, arrived: Arrived): ArrivalEnd {
  const { context, trail } = inquiry;
  const { pod } = arrived;
  const isHere = pod.node === context.node && context.waypoint === undefined;
  if (isHere && !context.serves(pod)) {
    return trail.stop(
      "pod",
      "fail",
      "the pod is on this node, but not served by this process",
    );
  }
  const traversal = waypointTraversal(context.mesh, arrived);
  switch (traversal.kind) {
    case "none":
      trail.note("waypoint", "none is due");
      return deliver(inquiry, arrived);
    case "passed":
      trail.note("waypoint", "the peer is the waypoint");
      return deliver(inquiry, arrived);
    case "bypassed":
      return onBypass(inquiry, arrived, traversal);
    default:
      throw new Error(`unhandled: ${traversal satisfies never}`);
  }
}

function onBypass(
  inquiry: Inquiry,
  arrived: Arrived,
  { due, asIstioDoes }: Extract<Traversal, { kind: "bypassed" }>,
): ArrivalEnd {
  const { context, trail } = inquiry;
  const name = gatewayName(due.gateway);
  switch (context.waypointBypass) {
    case "observe":
      trail.note("waypoint", `${name} is bypassed, which is only counted`);
      return deliver(inquiry, arrived);
    case "reject":
      if (asIstioDoes) {
        trail.note("waypoint", `${name} is not due by the service called`);
        return deliver(inquiry, arrived);
      }
      return trail.stop("waypoint", "deny", `bypassed waypoint ${name}`);
    case "hairpin":
      return turn(inquiry, arrived, due);
    default:
      throw new Error(`unhandled: ${context.waypointBypass satisfies never}`);
  }
}

/** DENY policies hold here already; the waypoint and its pods' policies see to the rest. */
function turn(
  inquiry: Inquiry,
  arrived: Arrived,
  due: DueWaypoint,
): ArrivalEnd {
  const { context, trail, random } = inquiry;
  const { mesh } = context;
  const { pod, dst, src, identity } = arrived;
  const { policies } = mesh.policiesFor(pod);
  const denials = policies.filter(({ action }) => action === "Deny");
  const denied = authorize(arrived, { policies: denials, unknown: [] });
  if (!denied.allow) return trail.stop("policy", "deny", denied.because);
  const name = gatewayName(due.gateway);
  const route = routeHairpin(mesh, { pod, dst, due }, random);
  if (route.kind === "reject") {
    const { because } = route;
    if (context.waypointUnreachable === "fail") {
      return trail.stop("waypoint", "fail", because);
    }
    trail.note("waypoint", `${because}: goes on without, as is set`);
    return deliver(inquiry, arrived);
  }
  if (route.kind !== "hbone") {
    return trail.stop("waypoint", "elsewhere", `turned round to ${name}`);
  }
  const { destination, authority, to } = route;
  trail.note(
    "waypoint",
    `${name} was not passed: turned round to ${podName(destination)} at ${
      formatAddress(to)
    }, CONNECT ${authority}`,
  );
  return { kind: "turn", destination, authority, src, identity };
}

function deliver(
  { context: { mesh }, trail }: Inquiry,
  arrived: Arrived,
): ExplainedWay {
  const applicable = mesh.policiesFor(arrived.pod);
  const verdict = notePolicies(trail, arrived, applicable);
  return trail.stop(
    "verdict",
    verdict.allow ? "allow" : "deny",
    sayVerdict(verdict),
  );
}
