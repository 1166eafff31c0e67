import type { Endpoint } from "../model/endpoint_index.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import { type Service, serviceKey } from "../model/service.ts";
import type { Workload } from "../model/workload.ts";
import { type Choose, chooseAtRandom } from "./choose_endpoint.ts";
import { localityScore } from "./locality.ts";

/** A workload that was chosen for a connection. */
export interface Upstream {
  readonly workload: Workload;
  /** The port to reach on it: its own, after translation from the service's. */
  readonly port: number;
  /** What it was chosen from; undefined when the workload itself was addressed. */
  readonly service: Service | undefined;
}

/** A call that some endpoint of a service has to take. */
export interface ServiceCall {
  readonly source: Workload;
  readonly service: Service;
  /** As the service numbers it. */
  readonly port: number;
  /**
   * A waypoint may be asked for a port that its service does not define, when
   * its workload takes everything through an application tunnel.
   */
  readonly mode: "standard" | "waypoint";
}

/**
 * Picks an endpoint of the nearest usable ones.
 *
 * @param random From 0 to below 1.
 * @param choose Default: by chance and capacity.
 * @returns undefined when no endpoint can take the call.
 */
export function pickEndpoint(
  state: MeshReader,
  call: ServiceCall,
  random: () => number,
  choose: Choose = chooseAtRandom,
): Upstream | undefined {
  const picked = choose(nearest(state, call), random);
  const port = picked && targetPort(picked, call);
  if (picked === undefined || port === undefined) return undefined;
  return { workload: picked.workload, port, service: call.service };
}

/** The usable endpoints that share the best locality score. */
function nearest(state: MeshReader, call: ServiceCall): readonly Endpoint[] {
  const { service, source } = call;
  let best = -1;
  let candidates: Endpoint[] = [];
  for (const endpoint of state.endpoints(serviceKey(service))) {
    if (!isUsable(endpoint, call)) continue;
    const { workload } = endpoint;
    const score = localityScore(source, workload, service.loadBalancer);
    if (score === undefined || score < best) continue;
    if (score > best) candidates = [];
    best = score;
    candidates.push(endpoint);
  }
  return candidates;
}

const isUsable = (endpoint: Endpoint, call: ServiceCall): boolean =>
  isReachable(endpoint.workload, call.source) &&
  targetPort(endpoint, call) !== undefined;

/** Without any address, only a gateway in front of another network leads there. */
function isReachable(workload: Workload, source: Workload): boolean {
  if (workload.ips.length > 0 || workload.hostname !== "") return true;
  return workload.network !== source.network &&
    workload.networkGateway !== undefined;
}

/**
 * The endpoint's port for a service port: its own mapping, else the service's
 * number. A mapping to 0 stands for a named port that only the endpoint can
 * translate.
 */
function targetPort(
  { workload, ports }: Endpoint,
  { service, port, mode }: ServiceCall,
): number | undefined {
  const defined = service.ports[port];
  const tunnel = mode === "waypoint" ? workload.applicationTunnel : undefined;
  if (defined === undefined && tunnel === undefined) return undefined;
  const number = ports[port] || defined;
  if (number) return number;
  return tunnel?.port === undefined ? undefined : port;
}
