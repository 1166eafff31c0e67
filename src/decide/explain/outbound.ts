/** A connection on its way out of a pod that is enrolled. */
import { formatAddress, type SocketAddress } from "../../model/address.ts";
import type { ExplainedWay } from "../../model/explanation.ts";
import { formatIdentity, type Identity } from "../../model/identity.ts";
import type { Workload } from "../../model/workload.ts";
import { gatewayName } from "../gateway.ts";
import { resolveInbound } from "../inbound_target.ts";
import { routeOutbound } from "../outbound_route.ts";
import type {
  DirectRoute,
  OutboundRoute,
  ResolveRoute,
  RoutePlan,
} from "../route_plan.ts";
import { explainArrival } from "./arrival.ts";
import { explainAtWaypoint } from "./at_waypoint.ts";
import type { Inquiry } from "./inquiry.ts";
import { podName } from "./parties.ts";

/** The way of a captured connection to its end. */
export function explainOutbound(
  inquiry: Inquiry,
  source: Workload,
): ExplainedWay {
  const { context, trail } = inquiry;
  trail.enter(`outbound at ${podName(source)}`);
  const isHere = source.node === context.node && context.waypoint === undefined;
  if (isHere && !context.serves(source)) {
    return trail.stop(
      "pod",
      "fail",
      "the pod is on this node, but not served by this process",
    );
  }
  const withoutCertificate = isHere
    ? explainCertificate(inquiry, source)
    : undefined;
  const { target, random } = inquiry;
  noteTarget(inquiry, source);
  const route = routeOutbound(context.mesh, { source, target }, random);
  const isTunnel = route.kind === "hbone" || route.kind === "double-hbone";
  if (isTunnel && withoutCertificate !== undefined) {
    return trail.stop("certificate", "fail", withoutCertificate);
  }
  return follow(inquiry, source, route);
}

/** @returns why tunnels cannot be opened; undefined when they can. */
function explainCertificate(
  { context, trail }: Inquiry,
  source: Workload,
): string | undefined {
  const identity = formatIdentity(source);
  const state = context.certificateOf(identity);
  if (state?.at === "unavailable") {
    return `no certificate for ${identity}: ${state.why}`;
  }
  const says = state?.at === "available"
    ? "is there"
    : "is not there yet: connections wait for it";
  trail.note("certificate", `${identity} ${says}`);
  return undefined;
}

function noteTarget(
  { context: { mesh }, trail, target }: Inquiry,
  { network, namespace }: Workload,
): void {
  const found = mesh.findAddress(network, target.ip, namespace);
  const text = formatAddress(target);
  if (found === undefined) {
    return trail.note("target", `${text} is nothing that the mesh knows`);
  }
  if (found.kind === "workload") {
    const { waypoint } = found.workload;
    const due = waypoint ? `, waypoint ${gatewayName(waypoint)}` : "";
    return trail.note(
      "target",
      `${text} is pod ${podName(found.workload)}${due}`,
    );
  }
  const { hostname, waypoint, weightedWaypoints } = found.service;
  const weighted = weightedWaypoints.map(({ destination, weight }) =>
    `${gatewayName(destination)} (weight ${weight})`
  );
  const due = weighted.length > 0
    ? `, waypoints ${weighted.join(" and ")}`
    : waypoint
    ? `, waypoint ${gatewayName(waypoint)}`
    : ", no waypoint";
  trail.note("target", `${text} is service ${hostname}${due}`);
}

function follow(
  inquiry: Inquiry,
  source: Workload,
  route: OutboundRoute,
): ExplainedWay {
  const { trail, client } = inquiry;
  switch (route.kind) {
    case "reject":
      return trail.stop("route", "fail", route.because);
    case "resolve":
      return afterResolving(inquiry, route);
    case "tcp":
      return inTheClear(inquiry, route);
    case "double-hbone":
      return trail.stop(
        "route",
        "elsewhere",
        `to another network through gateway ${podName(route.destination)} at ${
          formatAddress(route.to)
        }, for ${route.authority}`,
      );
    case "hbone": {
      const from = { src: { ip: client.ip, port: 0 }, identity: source };
      if (route.via === "direct") return direct(inquiry, route, source);
      trail.note(
        "route",
        `waypoint ${podName(route.destination)}: tunnel to ${
          formatAddress(route.to)
        }, CONNECT ${route.authority}`,
      );
      const { destination, authority } = route;
      return explainAtWaypoint(inquiry, { destination, authority, ...from });
    }
    default:
      throw new Error(`unhandled: ${route satisfies never}`);
  }
}

function afterResolving(
  { trail }: Inquiry,
  { hostname, plan }: ResolveRoute,
): ExplainedWay {
  trail.note("route", `${hostname} is looked up, for ${describePlan(plan)}`);
  return plan.kind === "tcp"
    ? trail.end("allow", `in the clear to ${hostname}`)
    : trail.end("elsewhere", `by tunnel to whatever ${hostname} resolves to`);
}

const describePlan = ({ kind, destination }: RoutePlan): string =>
  `${kind === "tcp" ? "plain TCP" : "a tunnel"} to ${podName(destination)}`;

function inTheClear(
  { trail }: Inquiry,
  route: Extract<OutboundRoute, { kind: "tcp" }>,
): ExplainedWay {
  const to = formatAddress(route.to);
  return route.passthrough
    ? trail.stop("route", "allow", `passed through to ${to} as it is`)
    : trail.stop(
      "route",
      "allow",
      `in the clear to ${to}: ${podName(route.destination)} is not enrolled`,
    );
}

function direct(
  inquiry: Inquiry,
  route: DirectRoute,
  identity: Identity,
): ExplainedWay {
  const { context, trail } = inquiry;
  const { destination: pod, to, authority, service } = route;
  const isLocal = context.nodeLocalLane && context.serves(pod) &&
    pod.applicationTunnel === undefined;
  trail.note(
    "route",
    isLocal
      ? `pod ${podName(pod)} at ${authority}: node-local lane, no tunnel`
      : `pod ${podName(pod)}: tunnel to ${
        formatAddress(to)
      }, CONNECT ${authority}`,
  );
  trail.enter(`inbound at ${podName(pod)}`);
  const forwardedHost = service?.hostname;
  const call = { pod, localIp: to.ip, authority, forwardedHost };
  const accepted = resolveInbound(context.mesh, call);
  if (accepted.kind === "refuse") {
    return trail.stop("target", "fail", accepted.because);
  }
  const src = sourceOf(inquiry);
  const { dst } = accepted;
  const end = explainArrival(inquiry, {
    ...{ pod, src, dst, identity },
    calledHost: forwardedHost,
  });
  if (!("kind" in end)) return end;
  return explainAtWaypoint(inquiry, { ...end, turned: true });
}

/** The port is the application's choice: no policy can ask about it. */
const sourceOf = ({ client: { ip } }: Inquiry): SocketAddress => ({
  ip,
  port: 0,
});
