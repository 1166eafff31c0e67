import { isIpv6, type SocketAddress } from "../../model/address.ts";
import type { Caller } from "../../decide/hairpin_trust.ts";
import type { WaypointTarget } from "../../decide/waypoint_target.ts";
import type { HttpPeer } from "../../model/http.ts";
import { serviceKey } from "../../model/service.ts";
import type { ServiceKey, Workload } from "../../model/workload.ts";
import type { ProxyContext, ServedPod } from "../context.ts";
import type { TokenContext } from "../tokens/mod.ts";
import type { Clients } from "./clients.ts";
import type { Loads } from "./loads.ts";
import type { HttpTelemetry } from "../../telemetry/http_telemetry.ts";
import type { Upstreams } from "./upstreams.ts";
import type { WaypointView } from "./view.ts";

/** A target that the waypoint takes. */
export type TakenTarget = Exclude<WaypointTarget, { kind: "refuse" }>;

/** One connection of a client, as a waypoint carries it. */
export interface WaypointCall {
  readonly context: ProxyContext;
  /** What holds now; a request copies the call to keep to one view. */
  readonly view: WaypointView;
  /** The waypoint's own pod and workload. */
  readonly pod: ServedPod;
  readonly workload: Workload;
  readonly upstreams: Upstreams;
  readonly clients: Clients;
  readonly loads: Loads;
  readonly tokens: TokenContext;
  readonly telemetry: HttpTelemetry;
  readonly target: TakenTarget;
  /** As the client asked: a service's address, or a pod's. */
  readonly dst: SocketAddress;
  /** Waypoints that it has passed before this one. */
  readonly hops: number;
  /** Whom policy sees. */
  readonly caller: Caller;
}

export const peerOf = ({ caller, dst }: WaypointCall): HttpPeer => ({
  src: caller.src,
  identity: caller.identity,
  dst,
});

/** undefined for a pod that is called by its own address. */
export const serviceOf = ({ target }: WaypointCall): ServiceKey | undefined =>
  target.kind === "service" ? serviceKey(target.service) : undefined;

/** The address that policies see as the destination. */
export function destinationOf(
  target: TakenTarget,
  network: string,
): SocketAddress | undefined {
  if (target.kind === "workload") {
    const [ip] = target.workload.ips;
    return ip === undefined ? undefined : { ip, port: target.port };
  }
  const { vips } = target.service;
  const near = vips.filter((vip) => vip.network === network);
  const vip = near.find(({ ip }) => !isIpv6(ip)) ?? near[0] ?? vips[0];
  return vip === undefined ? undefined : { ip: vip.ip, port: target.port };
}
