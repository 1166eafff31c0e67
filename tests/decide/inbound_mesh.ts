import {
  type InboundTarget,
  resolveInbound,
} from "../../src/decide/inbound_target.ts";
import { formatAddress } from "../../src/model/address.ts";
import type { MeshDelta } from "../../src/model/delta.ts";
import type { Service } from "../../src/model/service.ts";
import type { Workload } from "../../src/model/workload.ts";
import {
  hostOf,
  pod,
  service,
  serving,
  stateOf,
} from "../support/sample_mesh.ts";

export const CLIENT_IP = "10.0.0.1";
export const SERVER_IP = "10.0.0.2";
export const SERVER_VIP = "10.1.0.2";
export const WAYPOINT_IP = "10.0.0.3";
export const WAYPOINT_VIP = "10.1.0.3";

export interface Case {
  /** Added to the server's workload. */
  readonly server?: Partial<Workload>;
  /** Added to the server's service. */
  readonly web?: Partial<Service>;
  /** Added to the waypoint's workload. */
  readonly waypoint?: Partial<Workload>;
  /** Who gets the call: the server, unless this is set. */
  readonly atWaypoint?: boolean;
}

function meshOf({ server, web, waypoint }: Case) {
  return {
    workloads: [
      pod("client", [CLIENT_IP]),
      pod("server", [SERVER_IP], { ...serving("web"), ...server }),
      pod("waypoint", [WAYPOINT_IP], { ...serving("wp"), ...waypoint }),
    ],
    services: [
      service("web", [SERVER_VIP], web),
      service("wp", [WAYPOINT_VIP], { ports: { 15008: 15008 } }),
    ],
  } satisfies Partial<MeshDelta>;
}

export function resolve(
  given: Case,
  authority: string,
  options: { selfPorts?: ReadonlySet<number>; forwardedHost?: string } = {},
): InboundTarget {
  const mesh = meshOf(given);
  const own = given.atWaypoint === true
    ? mesh.workloads[2]!
    : mesh.workloads[1]!;
  const localIp = own.ips[0]!;
  const call = { pod: own, localIp, authority, ...options };
  return resolveInbound(stateOf(mesh), call);
}

/** A target on one line. */
export function inWords(target: InboundTarget): string {
  if (target.kind === "refuse") return `${target.status} ${target.because}`;
  const header = target.proxyTarget;
  const behind = header === undefined ? "" : ` for ${formatAddress(header)}`;
  return formatAddress(target.dst) + behind;
}

export type Row = [
  name: string,
  given: Case,
  authority: string,
  target: string,
];

export const TUNNEL = {
  applicationTunnel: { protocol: "PROXY", port: 15088 },
} as const;
export const HOST = hostOf("web");
