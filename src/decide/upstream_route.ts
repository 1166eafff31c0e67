/** The way from a waypoint to one of the workloads behind it. */
import type { SocketAddress } from "../model/address.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import { type Service, serviceKey } from "../model/service.ts";
import type { ServiceKey, Workload } from "../model/workload.ts";
import { expectedOf } from "./expected_identities.ts";
import type { Choose } from "./choose_endpoint.ts";
import { pickEndpoint, type Upstream } from "./load_balance.ts";
import { routeOutbound } from "./outbound_route.ts";
import { type OutboundRoute, placeRoute, reject } from "./route_plan.ts";

/** A call that a waypoint sends on. */
export interface UpstreamCall {
  /** The waypoint's own workload. */
  readonly source: Workload;
  readonly service: Service;
  /** As the service numbers it. */
  readonly port: number;
  /** Services that this waypoint fronts itself. */
  readonly fronted: ReadonlyMap<ServiceKey, unknown>;
  /** Default: by chance and capacity. */
  readonly choose?: Choose;
}

/**
 * Chooses an endpoint. A service that another waypoint fronts is reached
 * through that one: its policies hold whoever calls.
 *
 * @param random From 0 to below 1.
 */
export function routeUpstream(
  state: MeshReader,
  call: UpstreamCall,
  random: () => number,
): OutboundRoute {
  const { source, service, port, fronted, choose } = call;
  const [vip] = service.vips.filter((v) => v.network === source.network);
  if (!fronted.has(serviceKey(service)) && service.waypoint !== undefined) {
    if (vip === undefined) return reject("a service without address");
    const target = { ip: vip.ip, port };
    return routeOutbound(state, { source, target }, random);
  }
  const picking = { source, service, port, mode: "standard" } as const;
  const upstream = pickEndpoint(state, picking, random, choose);
  if (upstream === undefined) {
    return reject(`no healthy upstream: ${service.hostname}:${port}`);
  }
  const near = vip?.ip ?? upstream.workload.ips[0];
  return near === undefined
    ? reject("an endpoint without address")
    : toWorkload(upstream, { ip: near, port });
}

/** The way to one workload, such as a pod that was called by its own address. */
export function toWorkload(
  upstream: Upstream,
  near: SocketAddress,
): OutboundRoute {
  const { workload: destination, port, service } = upstream;
  const choice = { near: near.ip, families: service?.ipFamilies };
  const parties = { destination, service };
  return destination.protocol === "TCP"
    ? placeRoute({ kind: "tcp", passthrough: false, port, ...parties }, choice)
    : placeRoute({
      kind: "hbone",
      via: "direct",
      targetPort: port,
      expected: expectedOf(upstream),
      ...parties,
    }, choice);
}
