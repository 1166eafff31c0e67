/** The way round: from a pod to the waypoint that a connection has not passed. */
import { messageOf } from "../base/errors.ts";
import type { SocketAddress } from "../model/address.ts";
import { formatIdentity, type Identity } from "../model/identity.ts";
import type { Workload } from "../model/workload.ts";
import { completeRoute } from "../decide/route_plan.ts";
import { routeHairpin } from "../decide/hairpin_route.ts";
import type { DueWaypoint } from "../decide/waypoint_due.ts";
import { TunnelError } from "../net/errors.ts";
import type { H2Stream } from "../net/h2_stream.ts";
import type { ProxyContext, ServedPod } from "./context.ts";
import { openTunnelStream } from "./outbound_tunnel.ts";
import { resolveName } from "./resolve_name.ts";

/** A connection that has to go round. */
export interface HairpinRequest {
  readonly pod: ServedPod;
  readonly workload: Workload;
  /** The original peer. */
  readonly src: SocketAddress;
  /** What it proved; absent when it proved nothing. */
  readonly identity?: Identity;
  readonly dst: SocketAddress;
  /** Waypoints that it has passed all the same. Default: none. */
  readonly hops?: number;
}

/**
 * Opens a tunnel from the pod to its waypoint, with the pod's own certificate,
 * and asks for the service on behalf of the original peer.
 *
 * @throws {HairpinError} when the waypoint cannot be reached, or refuses.
 */
export async function openHairpin(
  context: ProxyContext,
  { pod, workload, src, identity, dst, hops }: HairpinRequest,
  due: DueWaypoint,
): Promise<H2Stream> {
  const { mesh, random } = context;
  const planned = routeHairpin(mesh, { pod: workload, dst, due }, random);
  const route = planned.kind === "resolve"
    ? completeRoute(planned, await resolveName(planned.hostname), random)
    : planned;
  if (route.kind === "reject") throw new TunnelError("connect", route.because);
  if (route.kind !== "hbone") {
    throw new TunnelError("connect", "the waypoint has no tunnel");
  }
  const { to, authority, expected, service } = route;
  try {
    return await openTunnelStream(context, pod, {
      source: workload,
      src,
      to,
      authority,
      expected,
      hops,
      hairpin: { spiffeId: identity && formatIdentity(identity) },
      ...(service === undefined ? {} : { serviceHost: service.hostname }),
    });
  } catch (reason) {
    const status = reason instanceof TunnelError ? reason.status : undefined;
    const text = `waypoint: ${messageOf(reason)}`;
    throw new TunnelError("connect", text, status);
  }
}

/** Whether the waypoint was reached, and said no: nobody may pass it then. */
export const isRefusal = (reason: unknown): boolean =>
  reason instanceof TunnelError && reason.status !== undefined;
