/** Whether a connection that reached a pod has passed the waypoint in front of it. */
import { formatAddress, isIpv6, type SocketAddress } from "../model/address.ts";
import { type Identity, sameIdentity } from "../model/identity.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import type { Service } from "../model/service.ts";
import { serviceKey } from "../model/service.ts";
import type { GatewayAddress, Workload } from "../model/workload.ts";
import { gatewayWorkloads } from "./gateway.ts";
import { servicesOf } from "./inbound_service.ts";
import { possibleWaypoints } from "./waypoint.ts";

/** A connection at its destination pod. */
export interface Arrival {
  /** The workload of the pod. */
  readonly pod: Workload;
  /** What the peer proved; undefined when it came without a certificate. */
  readonly identity: Identity | undefined;
  /** The application's address at the pod. */
  readonly dst: SocketAddress;
  /** The service that it called, as the tunnel's peer says; undefined in plaintext. */
  readonly calledHost?: string | undefined;
}

/** One waypoint that stands in front of what a connection reached. */
export interface DueWaypoint {
  readonly gateway: GatewayAddress;
  /** What the waypoint is asked for: the service's address, or the pod's own. */
  readonly authority: string;
  /** undefined when the waypoint fronts the workload. */
  readonly service: Service | undefined;
}

export type Traversal =
  /** No waypoint is in front of this port. */
  | { readonly kind: "none" }
  /** The peer is one of the waypoints. */
  | { readonly kind: "passed" }
  /** The peer is not: this is the way it should have come. */
  | {
    readonly kind: "bypassed";
    readonly due: DueWaypoint;
    /**
     * Istio sends it so: the waypoint is the workload's alone, and the peer
     * says that it called a service of the pod, which has none.
     */
    readonly asIstioDoes: boolean;
  };

/**
 * Decides by the identity that the peer has proved and nothing else: no header
 * and no address makes a peer a waypoint. A waypoint that nobody serves, or
 * whose account nobody knows, accepts no one: everything has bypassed it.
 *
 * Due are the waypoints of the services that have this port, and that of the
 * workload. Istio asks for less: by a service for the service's, by the pod's
 * own address for the workload's. What came cannot be told apart at the pod but
 * by the peer's own word, which may excuse a connection (`asIstioDoes`) only
 * from the workload's waypoint: by that service the peer could have come anyway.
 */
export function waypointTraversal(
  state: MeshReader,
  arrival: Arrival,
): Traversal {
  const due = dueWaypoints(state, arrival);
  const [first] = due;
  if (first === undefined) return { kind: "none" };
  const { identity } = arrival;
  const isWaypoint = identity !== undefined &&
    due.some(({ gateway }) => serves(state, gateway, identity));
  if (isWaypoint) return { kind: "passed" };
  const asIstioDoes = first.service === undefined &&
    namesService(state, arrival);
  return { kind: "bypassed", due: first, asIstioDoes };
}

/** Whether the peer says that it called a service of the pod, with this port. */
const namesService = (
  state: MeshReader,
  { pod, dst, calledHost }: Arrival,
): boolean =>
  calledHost !== undefined &&
  servicesOf(state, pod).some((service) =>
    service.hostname === calledHost &&
    servicePort(service, pod, dst.port) !== undefined
  );

/** Those of the services that have this port, then the workload's own. */
function dueWaypoints(
  state: MeshReader,
  { pod, dst }: Arrival,
): DueWaypoint[] {
  const due: DueWaypoint[] = [];
  for (const service of servicesOf(state, pod)) {
    const port = servicePort(service, pod, dst.port);
    if (port === undefined) continue;
    const authority = authorityOf(service, port, { pod, dst });
    for (const gateway of possibleWaypoints({ kind: "service", service })) {
      due.push({ gateway, authority, service });
    }
  }
  if (pod.waypoint !== undefined) {
    const authority = formatAddress(dst);
    due.push({ gateway: pod.waypoint, authority, service: undefined });
  }
  return due;
}

/** The service's number for a port of the pod; undefined when it has none. */
function servicePort(
  service: Service,
  pod: Workload,
  target: number,
): number | undefined {
  const own = pod.services[serviceKey(service)];
  for (const [port, number] of Object.entries(service.ports)) {
    if ((own?.[Number(port)] || number) === target) return Number(port);
  }
  return undefined;
}

/** The service by an address of the pod's network, else by its name. */
function authorityOf(
  { vips, hostname }: Service,
  port: number,
  { pod, dst }: Pick<Arrival, "pod" | "dst">,
): string {
  const near = vips.filter(({ network }) => network === pod.network);
  const vip = near.find(({ ip }) => isIpv6(ip) === isIpv6(dst.ip)) ?? near[0];
  return vip === undefined
    ? `${hostname}:${port}`
    : formatAddress({ ip: vip.ip, port });
}

const serves = (
  state: MeshReader,
  gateway: GatewayAddress,
  identity: Identity,
): boolean =>
  gatewayWorkloads(state, gateway).some((w) => sameIdentity(w, identity));
