import type { SocketAddress } from "../model/address.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import type { Workload } from "../model/workload.ts";
import { expectedOf } from "./expected_identities.ts";
import { gatewayName, pickGateway } from "./gateway.ts";
import { type OutboundRoute, placeRoute, reject } from "./route_plan.ts";
import type { DueWaypoint } from "./waypoint_due.ts";

/** A connection that reached a pod past its waypoint. */
export interface HairpinCall {
  /** The workload of the pod: the waypoint is asked on its behalf. */
  readonly pod: Workload;
  readonly dst: SocketAddress;
  readonly due: DueWaypoint;
}

/** The way from a pod to the waypoint in front of it. */
export function routeHairpin(
  state: MeshReader,
  { pod, dst, due }: HairpinCall,
  random: () => number,
): OutboundRoute {
  const { gateway, authority, service } = due;
  const call = {
    source: pod,
    gateway,
    target: dst.ip,
    mode: "waypoint",
  } as const;
  const hop = pickGateway(state, call, random);
  if (hop === undefined) {
    return reject(
      `unknown waypoint: waypoint ${gatewayName(gateway)} not found`,
    );
  }
  const { upstream, near } = hop;
  return placeRoute({
    kind: "hbone",
    via: "waypoint",
    port: upstream.port,
    authority,
    expected: expectedOf(upstream),
    destination: upstream.workload,
    service,
  }, { near, families: upstream.service?.ipFamilies });
}
