import type { PortMap, ServiceKey, Workload, WorkloadUid } from "./workload.ts";

/** One workload's part in one service. */
export interface Endpoint {
  readonly workload: Workload;
  /** This endpoint's own target ports, by service port. */
  readonly ports: PortMap;
}

/**
 * The endpoints of every service that some workload names, whether or not the
 * service itself is known yet, healthy or not. The filter is applied on read,
 * so that a service can change its mind about health without losing anything.
 */
export class EndpointIndex {
  readonly #services = new Map<ServiceKey, ServiceEndpoints>();

  /** Replaces what `replaced` contributed with what `workload` does. */
  put(workload: Workload, replaced: Workload | undefined): void {
    if (replaced !== undefined) this.#deleteMissing(replaced, workload);
    for (const [key, ports] of Object.entries(workload.services)) {
      const endpoints = this.#endpointsOf(key);
      endpoints.byUid.set(workload.uid, { workload, ports });
      endpoints.healthy = undefined;
    }
  }

  delete(workload: Workload): void {
    for (const key of Object.keys(workload.services)) {
      this.#deleteFrom(key, workload.uid);
    }
  }

  keys(): Iterable<ServiceKey> {
    return this.#services.keys();
  }

  /** Every endpoint of a service, whatever its health; empty for an unknown key. */
  all(key: ServiceKey): Iterable<Endpoint> {
    return this.#services.get(key)?.byUid.values() ?? [];
  }

  /** The endpoints that report themselves healthy. */
  healthy(key: ServiceKey): Iterable<Endpoint> {
    const endpoints = this.#services.get(key);
    if (endpoints === undefined) return [];
    endpoints.healthy ??= [...endpoints.byUid.values()].filter(isHealthy);
    return endpoints.healthy;
  }

  #endpointsOf(key: ServiceKey): ServiceEndpoints {
    let endpoints = this.#services.get(key);
    if (endpoints === undefined) {
      endpoints = { byUid: new Map(), healthy: undefined };
      this.#services.set(key, endpoints);
    }
    return endpoints;
  }

  #deleteMissing(replaced: Workload, workload: Workload): void {
    for (const key of Object.keys(replaced.services)) {
      if (!Object.hasOwn(workload.services, key)) {
        this.#deleteFrom(key, workload.uid);
      }
    }
  }

  #deleteFrom(key: ServiceKey, uid: WorkloadUid): void {
    const endpoints = this.#services.get(key);
    if (endpoints === undefined || !endpoints.byUid.delete(uid)) return;
    endpoints.healthy = undefined;
    if (endpoints.byUid.size === 0) this.#services.delete(key);
  }
}

interface ServiceEndpoints {
  readonly byUid: Map<WorkloadUid, Endpoint>;
  /** Made on the first read after a change: at most once per service and delta. */
  healthy: readonly Endpoint[] | undefined;
}

const isHealthy = (endpoint: Endpoint): boolean =>
  endpoint.workload.status === "Healthy";
