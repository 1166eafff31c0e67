/** What a CONNECT request at a waypoint asks for. */
import type { MeshReader } from "../model/mesh_state.ts";
import {
  type AppProtocol,
  type Service,
  serviceKey,
} from "../model/service.ts";
import type { FrontedService } from "../model/waypoint_config.ts";
import type { ServiceKey, Workload, WorkloadUid } from "../model/workload.ts";
import { AUTHORITY_LENGTH_MAX, parseAuthority } from "./authority.ts";

/** What a waypoint stands in front of. */
export interface Fronted {
  readonly services: ReadonlyMap<ServiceKey, FrontedService>;
  readonly workloads: ReadonlySet<WorkloadUid>;
}

export type WaypointTarget =
  | {
    readonly kind: "service";
    readonly service: Service;
    /** As the service numbers it. */
    readonly port: number;
    /** undefined: to be found out from the first octets. */
    readonly protocol: AppProtocol | undefined;
  }
  | {
    readonly kind: "workload";
    readonly workload: Workload;
    readonly port: number;
  }
  | {
    readonly kind: "refuse";
    readonly status: 400 | 403 | 404;
    readonly because: string;
  };

/** @param network The waypoint's own. */
export function resolveWaypointTarget(
  state: MeshReader,
  fronted: Fronted,
  { network, authority: text }: {
    readonly network: string;
    readonly authority: string;
  },
): WaypointTarget {
  const authority = parseAuthority(text);
  if (authority === undefined) {
    const shown = text.slice(0, AUTHORITY_LENGTH_MAX);
    return refuse(400, `no valid authority pseudo header: ${shown}`);
  }
  if (authority.kind === "hostname") {
    const { hostname, port } = authority;
    const service = state.servicesByHostname(hostname)
      .find((s) => fronted.services.has(serviceKey(s)));
    return service === undefined
      ? refuse(403, `not served by this waypoint: ${hostname}`)
      : atService(service, port, fronted);
  }
  const { ip, port } = authority.address;
  const found = state.findAddress(network, ip);
  if (found === undefined) return refuse(404, `unknown address: ${ip}`);
  if (found.kind === "service") return atService(found.service, port, fronted);
  const { workload } = found;
  return fronted.workloads.has(workload.uid)
    ? { kind: "workload", workload, port }
    : refuse(403, `not served by this waypoint: ${ip}`);
}

function atService(
  service: Service,
  port: number,
  { services }: Fronted,
): WaypointTarget {
  const found = services.get(serviceKey(service));
  if (found === undefined) {
    return refuse(403, `not served by this waypoint: ${service.hostname}`);
  }
  const declared = found.ports.find((p) => p.port === port);
  if (declared === undefined) {
    return refuse(404, `unknown port: ${service.hostname}:${port}`);
  }
  return { kind: "service", service, port, protocol: declared.protocol };
}

const refuse = (status: 400 | 403 | 404, because: string) =>
  ({ kind: "refuse", status, because }) as const;
