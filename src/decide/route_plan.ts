import {
  formatAddress,
  type Ip,
  type SocketAddress,
} from "../model/address.ts";
import type { Service } from "../model/service.ts";
import type { Workload } from "../model/workload.ts";
import { nextHopOf, pickResolved } from "./next_hop.ts";
import { isOutboundSelfCall, SELF_CALL, SELF_PORTS } from "./self_ports.ts";

/** Port of HBONE at every pod. */
export const HBONE_PORT = 15_008;

/** Who is at the other end, for the log and the metrics. */
interface Parties {
  /** The workload that is dialled: with a waypoint or gateway, that one. */
  readonly destination: Workload;
  /** The service that was called; undefined when a workload was. */
  readonly service: Service | undefined;
}

/** In the clear, to an endpoint that has no tunnel. */
export interface TcpRoute extends Parties {
  readonly kind: "tcp";
  readonly to: SocketAddress;
  readonly passthrough: false;
}

/** In the clear, to where the application was going: the mesh does not know it. */
export interface PassthroughRoute {
  readonly kind: "tcp";
  readonly to: SocketAddress;
  readonly passthrough: true;
  readonly destination: undefined;
  readonly service: undefined;
}

interface Tunnel extends Parties {
  /** The tunnel's other end. */
  readonly to: SocketAddress;
  /** What the CONNECT request asks for. */
  readonly authority: string;
  /** SPIFFE IDs, any of which the other end may prove. When empty, nobody is accepted. */
  readonly expected: readonly string[];
}

/** Through a tunnel to the destination pod itself. */
export interface DirectRoute extends Tunnel {
  readonly kind: "hbone";
  readonly via: "direct";
  /** The application's own address at the destination, behind the tunnel. */
  readonly pod: SocketAddress;
}

/** Through a tunnel to a waypoint, which sees to the rest. */
export interface WaypointRoute extends Tunnel {
  readonly kind: "hbone";
  readonly via: "waypoint";
}

/** Through a tunnel to a network gateway, and in it another one to whom the gateway chooses. */
export interface DoubleHboneRoute extends Tunnel {
  readonly kind: "double-hbone";
  /** As `expected`, for the end of the inner tunnel. */
  readonly expectedInner: readonly string[];
  readonly service: Service;
}

/** The destination has a name only: resolve it, then call `completeRoute`. */
export interface ResolveRoute {
  readonly kind: "resolve";
  readonly hostname: string;
  /** The address family to prefer is this one's. */
  readonly near: Ip;
  readonly plan: RoutePlan;
}

export interface RejectedRoute {
  readonly kind: "reject";
  /** ztunnel's text. */
  readonly because: string;
}

export type OutboundRoute =
  | TcpRoute
  | PassthroughRoute
  | DirectRoute
  | WaypointRoute
  | DoubleHboneRoute
  | ResolveRoute
  | RejectedRoute;

/** A route but for the address of its next hop; `port` is the one to dial. */
export type RoutePlan =
  | (Omit<TcpRoute, "to"> & { readonly port: number })
  | (Omit<DirectRoute, "to" | "authority" | "pod"> & {
    /** The application's port; the one to dial is always `HBONE_PORT`. */
    readonly targetPort: number;
  })
  | (Omit<WaypointRoute, "to"> & { readonly port: number })
  | (Omit<DoubleHboneRoute, "to"> & { readonly port: number });

export const reject = (because: string): RejectedRoute => ({
  kind: "reject",
  because,
});

/** Why a workload without any usable address is refused. */
export const noDestination = ({ uid }: Workload): RejectedRoute =>
  reject(`no valid routing destination for workload: ${uid}`);

/**
 * Gives a plan its next hop.
 *
 * @param choice As for `nextHopOf`.
 */
export function placeRoute(
  plan: RoutePlan,
  choice: { near: Ip; families: Service["ipFamilies"] },
): OutboundRoute {
  const { near, families } = choice;
  const hop = nextHopOf(plan.destination, near, families);
  if (hop === undefined) return noDestination(plan.destination);
  if (hop.kind === "ip") return routeAt(plan, hop.ip);
  return { kind: "resolve", hostname: hop.hostname, near, plan };
}

/**
 * Continues a route whose hostname was looked up.
 *
 * @param resolved All A and AAAA records; undefined when the lookup failed.
 */
export function completeRoute(
  { near, plan }: ResolveRoute,
  resolved: readonly Ip[] | undefined,
  random: () => number,
): Exclude<OutboundRoute, ResolveRoute> {
  const { uid } = plan.destination;
  if (resolved === undefined) {
    return reject(`no ip addresses were resolved for workload: ${uid}`);
  }
  const ip = pickResolved(resolved, near, random);
  if (ip === undefined) {
    return reject(
      `ip addresses were resolved for workload ${uid}, but valid dns response had no A/AAAA records`,
    );
  }
  const route = routeAt(plan, ip);
  // A name may say anything, also that it is us.
  return isOutboundSelfCall(route.to, SELF_PORTS) ? reject(SELF_CALL) : route;
}

type PlacedRoute = TcpRoute | DirectRoute | WaypointRoute | DoubleHboneRoute;

function routeAt(plan: RoutePlan, ip: Ip): PlacedRoute {
  if (plan.kind === "hbone" && plan.via === "direct") {
    const { targetPort, ...rest } = plan;
    const pod = { ip, port: targetPort };
    const to = { ip, port: HBONE_PORT };
    return { ...rest, to, pod, authority: formatAddress(pod) };
  }
  const { port, ...rest } = plan;
  return { ...rest, to: { ip, port } };
}
