import type { MeshReader } from "../model/mesh_state.ts";
import { type Service, serviceKey } from "../model/service.ts";
import type { PortMap, Workload } from "../model/workload.ts";

/** What hints at the service that a client had in mind. */
export interface ServiceHints {
  /** The port that the connection is delivered to. */
  readonly port: number;
  /** `host=` of the client's `forwarded` header. */
  readonly forwardedHost?: string | undefined;
}

/** The services that a workload is an endpoint of, as far as they are known. */
export function servicesOf(state: MeshReader, workload: Workload): Service[] {
  const services: Service[] = [];
  for (const key of Object.keys(workload.services)) {
    const service = state.serviceByKey(key);
    if (service !== undefined) services.push(service);
  }
  return services;
}

/**
 * Guesses, for the log and the metrics only, the service that was called: the
 * one the client names, else the first with that target port.
 */
export function guessService(
  candidates: readonly Service[],
  workload: Workload,
  hints: ServiceHints,
): Service | undefined {
  const { port, forwardedHost } = hints;
  return candidates.find((s) => s.hostname === forwardedHost) ??
    candidates.find((s) => servesPort(s, workload, port));
}

function servesPort(
  service: Service,
  workload: Workload,
  port: number,
): boolean {
  const own = workload.services[serviceKey(service)];
  return hasTarget(service.ports, port) ||
    (own !== undefined && hasTarget(own, port));
}

const hasTarget = (ports: PortMap, port: number): boolean =>
  Object.values(ports).includes(port);
