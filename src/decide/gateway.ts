import { formatAddress, type Ip } from "../model/address.ts";
import type { Addressee, MeshReader } from "../model/mesh_state.ts";
import { serviceKey } from "../model/service.ts";
import type { GatewayAddress, Workload } from "../model/workload.ts";
import {
  pickEndpoint,
  type ServiceCall,
  type Upstream,
} from "./load_balance.ts";

/** A waypoint or network gateway that was chosen for a connection. */
export interface GatewayHop {
  readonly upstream: Upstream;
  /** What its address is chosen by, see `nextHopOf`. */
  readonly near: Ip;
}

/** Who looks for a gateway, and what for. */
export interface GatewayCall {
  readonly source: Workload;
  readonly gateway: GatewayAddress;
  /** What the application called; a gateway with a hostname is reached in its family. */
  readonly target: Ip;
  readonly mode: ServiceCall["mode"];
}

/**
 * Picks the workload that serves as a waypoint or network gateway.
 *
 * @returns undefined when nothing stands behind its address, or nothing that can take a call.
 */
export function pickGateway(
  state: MeshReader,
  call: GatewayCall,
  random: () => number,
): GatewayHop | undefined {
  const { source, gateway, mode } = call;
  const { destination, hboneMtlsPort: port } = gateway;
  const near = destination.kind === "address" ? destination.ip : call.target;
  const found = findGateway(state, gateway, source.namespace);
  if (found === undefined) return undefined;
  if (found.kind === "workload") {
    const upstream = { workload: found.workload, port, service: undefined };
    return { upstream, near };
  }
  const { service } = found;
  const passesThrough = destination.kind === "address" &&
    service.loadBalancer?.mode === "Passthrough";
  if (passesThrough) return undefined;
  const upstream = pickEndpoint(state, { source, service, port, mode }, random);
  return upstream && { upstream, near };
}

/** Whether `workload` is one of those that serve as that gateway. */
export function isBehindGateway(
  state: MeshReader,
  gateway: GatewayAddress,
  workload: Workload,
): boolean {
  const found = findGateway(state, gateway);
  if (found === undefined) return false;
  if (found.kind === "workload") return isSame(found.workload, workload);
  return Object.hasOwn(workload.services, serviceKey(found.service));
}

/** Every workload that serves as that gateway, healthy or not. */
export function gatewayWorkloads(
  state: MeshReader,
  gateway: GatewayAddress,
): readonly Workload[] {
  const found = findGateway(state, gateway);
  if (found === undefined) return [];
  if (found.kind === "workload") return [found.workload];
  const endpoints = state.allEndpoints(serviceKey(found.service));
  return Array.from(endpoints, ({ workload }) => workload);
}

/** A gateway's address in words: its hostname, or `network/ip:port`. */
export function gatewayName(gateway: GatewayAddress): string {
  const { destination, hboneMtlsPort: port } = gateway;
  return destination.kind === "hostname"
    ? destination.hostname
    : `${destination.network}/${formatAddress({ ip: destination.ip, port })}`;
}

function findGateway(
  state: MeshReader,
  { destination }: GatewayAddress,
  namespace?: string,
): Addressee | undefined {
  if (destination.kind === "address") {
    return state.findAddress(destination.network, destination.ip, namespace);
  }
  const service = state.serviceByKey(serviceKey(destination));
  if (service !== undefined) return { kind: "service", service };
  const { namespace: home, hostname } = destination;
  const workload = state.workloadByHostname(home, hostname);
  return workload && { kind: "workload", workload };
}

/** One machine may have two records, such as a pod's and a WorkloadEntry's. */
function isSame(a: Workload, b: Workload): boolean {
  if (a.uid === b.uid) return true;
  return a.network === b.network && a.ips.some((ip) => b.ips.includes(ip));
}
