/** A tunnel at a waypoint, and what comes of it. */
import {
  formatAddress,
  parseSocketAddress,
  type SocketAddress,
} from "../../model/address.ts";
import type { ExplainedWay } from "../../model/explanation.ts";
import type { HttpPeer } from "../../model/http.ts";
import {
  formatIdentity,
  type Identity,
  sameIdentity,
} from "../../model/identity.ts";
import { serviceKey } from "../../model/service.ts";
import type { Workload } from "../../model/workload.ts";
import type { ServiceTarget } from "../http/choose_backend.ts";
import { resolveInbound } from "../inbound_target.ts";
import type { OutboundRoute } from "../route_plan.ts";
import { routeUpstream, toWorkload } from "../upstream_route.ts";
import { WAYPOINT_HOPS_MAX } from "../waypoint_hops.ts";
import {
  resolveWaypointTarget,
  type WaypointTarget,
} from "../waypoint_target.ts";
import { explainArrival } from "./arrival.ts";
import type { ExplainedWaypoint } from "./context.ts";
import type { Inquiry } from "./inquiry.ts";
import { judgeConnection } from "./connection.ts";
import { podName } from "./parties.ts";
import { judgeRequest } from "./request.ts";

export interface AtWaypoint {
  /** The waypoint's pod that the tunnel leads to. */
  readonly destination: Workload;
  readonly authority: string;
  /** Whom policies see. */
  readonly src: SocketAddress;
  readonly identity: Identity | undefined;
  /** Whether a destination pod has turned it round. Default false. */
  readonly turned?: boolean;
  /** Waypoints that it has passed. Default 0. */
  readonly hops?: number;
}

export function explainAtWaypoint(
  inquiry: Inquiry,
  arrived: AtWaypoint,
): ExplainedWay {
  const { context: { mesh, waypoint }, trail } = inquiry;
  const { destination, authority, hops = 0 } = arrived;
  if (waypoint === undefined || !sameIdentity(waypoint.workload, destination)) {
    const who = podName(destination);
    return trail.end("elsewhere", `waypoint ${who} decides the rest: ask it`);
  }
  trail.enter(`waypoint ${waypoint.gateway}`);
  if (hops >= WAYPOINT_HOPS_MAX) {
    const because = `more than ${WAYPOINT_HOPS_MAX} waypoints in a row`;
    return trail.stop("target", "fail", because);
  }
  noteCaller(inquiry, arrived);
  const { network } = waypoint.workload;
  const asked = { network, authority };
  const target = resolveWaypointTarget(mesh, waypoint.view, asked);
  if (target.kind === "refuse") {
    return trail.stop("target", "fail", `${target.status}: ${target.because}`);
  }
  return judgeAndSend(inquiry, waypoint, { ...arrived, hops, target });
}

function noteCaller({ trail }: Inquiry, arrived: AtWaypoint): void {
  const { src, identity, turned = false } = arrived;
  const who = identity === undefined ? "no identity" : formatIdentity(identity);
  const how = turned ? "vouched for by a destination pod: " : "";
  trail.note("caller", `${how}${src.ip}, ${who}`);
}

type TakenTarget = Exclude<WaypointTarget, { kind: "refuse" }>;

interface Taken extends AtWaypoint {
  readonly hops: number;
  readonly target: TakenTarget;
}

function judgeAndSend(
  inquiry: Inquiry,
  waypoint: ExplainedWaypoint,
  taken: Taken,
): ExplainedWay {
  const { target, authority, src, identity } = taken;
  const dst = parseSocketAddress(authority) ?? inquiry.target;
  const peer: HttpPeer = { src, identity, dst };
  const service = target.kind === "service"
    ? serviceKey(target.service)
    : undefined;
  const call = { waypoint, peer, service, port: target.port };
  const outcome = speaksHttp(inquiry, target)
    ? judgeRequest(inquiry, call)
    : judgeConnection(inquiry, call);
  if (outcome.kind === "end") return outcome.way;
  return send(inquiry, waypoint, taken, outcome.target);
}

/** By what the port declares; else by what is asked. */
function speaksHttp(
  { trail, request }: Inquiry,
  target: TakenTarget,
): boolean {
  const declared = target.kind === "service" ? target.protocol : undefined;
  if (declared !== undefined) {
    trail.note("protocol", `${declared}, as the port declares`);
    return declared !== "TCP" && declared !== "TLS";
  }
  const taken = request === undefined ? "not HTTP" : "HTTP";
  trail.note("protocol", `found out from the first octets; taken as ${taken}`);
  if (request === undefined) trail.suppose("it is not HTTP");
  return request !== undefined;
}

/** @param target undefined for the pod that was called. */
function send(
  inquiry: Inquiry,
  waypoint: ExplainedWaypoint,
  taken: Taken,
  target: ServiceTarget | undefined,
): ExplainedWay {
  const { trail } = inquiry;
  const route = target === undefined
    ? toCalledPod(taken)
    : toBackend(inquiry, waypoint, target);
  if (typeof route === "string") return trail.stop("endpoint", "fail", route);
  switch (route.kind) {
    case "reject":
      return trail.stop("endpoint", "fail", route.because);
    case "double-hbone":
      return trail.stop("endpoint", "fail", "an endpoint in another network");
    case "resolve":
      return trail.stop("endpoint", "allow", `to ${route.hostname}, looked up`);
    case "tcp":
      return trail.stop(
        "endpoint",
        "allow",
        `in the clear to ${formatAddress(route.to)}`,
      );
    case "hbone":
      return onward(inquiry, waypoint, taken, route);
    default:
      throw new Error(`unhandled: ${route satisfies never}`);
  }
}

function toCalledPod({ target, authority }: Taken): OutboundRoute | string {
  const near = parseSocketAddress(authority);
  if (target.kind !== "workload" || near === undefined) {
    return "no pod was called";
  }
  const { workload, port } = target;
  return toWorkload({ workload, port, service: undefined }, near);
}

function toBackend(
  { context: { mesh }, random }: Inquiry,
  { workload: source, view }: ExplainedWaypoint,
  { service: key, port }: ServiceTarget,
): OutboundRoute | string {
  const service = mesh.serviceByKey(key);
  if (service === undefined) return `unknown service: ${key}`;
  const fronted = view.services;
  return routeUpstream(mesh, { source, service, port, fronted }, random);
}

/** From here the waypoint is the client, and its own identity what pods see. */
function onward(
  inquiry: Inquiry,
  { workload: source }: ExplainedWaypoint,
  { hops }: Taken,
  route: Extract<OutboundRoute, { kind: "hbone" }>,
): ExplainedWay {
  const { context, trail } = inquiry;
  const { destination: pod, to, authority, via } = route;
  trail.note(
    "endpoint",
    `${via === "direct" ? "pod" : "waypoint"} ${podName(pod)}: tunnel to ${
      formatAddress(to)
    }, CONNECT ${authority}`,
  );
  const src = { ip: source.ips[0] ?? to.ip, port: 0 };
  const next = { src, identity: source, hops: hops + 1 };
  if (via === "waypoint") {
    return explainAtWaypoint(inquiry, { destination: pod, authority, ...next });
  }
  trail.enter(`inbound at ${podName(pod)}`);
  const call = { pod, localIp: to.ip, authority };
  const accepted = resolveInbound(context.mesh, call);
  if (accepted.kind === "refuse") {
    return trail.stop("target", "fail", accepted.because);
  }
  const { dst } = accepted;
  const end = explainArrival(inquiry, { pod, src, dst, identity: source });
  if (!("kind" in end)) return end;
  return explainAtWaypoint(inquiry, { ...end, turned: true, hops: hops + 1 });
}
