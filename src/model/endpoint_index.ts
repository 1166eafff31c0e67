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
  readonly #workloadOf: (uid: WorkloadUid) => Workload | undefined;

  /** @param workloadOf Knows every workload that was put here. */
  constructor(workloadOf: (uid: WorkloadUid) => Workload | undefined) {
    this.#workloadOf = workloadOf;
  }

  /** Replaces what `replaced` contributed with what `workload` does. */
  put(workload: Workload, replaced: Workload | undefined): void {
    if (replaced !== undefined) this.#deleteMissing(replaced, workload);
    for (const [key, ports] of Object.entries(workload.services)) {
      const endpoints = this.#endpointsOf(key);
      endpoints.uids.add(workload.uid);
      endpoints.inUse?.set(workload.uid, { workload, ports });
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
    const endpoints = this.#services.get(key);
    if (endpoints === undefined) return [];
    return endpoints.inUse?.values() ?? this.#made(key, endpoints).values();
  }

  /** The same for connections: what is made for one of them is kept for the next. */
  used(key: ServiceKey): Iterable<Endpoint> {
    const endpoints = this.#services.get(key);
    return endpoints === undefined ? [] : this.#use(key, endpoints).values();
  }

  /** Those of them that report themselves healthy. */
  usedHealthy(key: ServiceKey): Iterable<Endpoint> {
    const endpoints = this.#services.get(key);
    if (endpoints === undefined) return [];
    endpoints.healthy ??= [...this.#use(key, endpoints).values()]
      .filter(isHealthy);
    return endpoints.healthy;
  }

  #use(key: ServiceKey, endpoints: ServiceEndpoints): EndpointsByUid {
    return endpoints.inUse ??= this.#made(key, endpoints);
  }

  #made(key: ServiceKey, { uids }: ServiceEndpoints): EndpointsByUid {
    const made: EndpointsByUid = new Map();
    for (const uid of uids) {
      const workload = this.#workloadOf(uid);
      const ports = workload?.services[key];
      if (workload !== undefined && ports !== undefined) {
        made.set(uid, { workload, ports });
      }
    }
    return made;
  }

  #endpointsOf(key: ServiceKey): ServiceEndpoints {
    let endpoints = this.#services.get(key);
    if (endpoints === undefined) {
      endpoints = { uids: new Set(), inUse: undefined, healthy: undefined };
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
    if (endpoints === undefined || !endpoints.uids.delete(uid)) return;
    endpoints.inUse?.delete(uid);
    endpoints.healthy = undefined;
    if (endpoints.uids.size === 0) this.#services.delete(key);
  }
}

type EndpointsByUid = Map<WorkloadUid, Endpoint>;

interface ServiceEndpoints {
  readonly uids: Set<WorkloadUid>;
  /** From the first connection to the service on. */
  inUse: EndpointsByUid | undefined;
  /** Made on the first read after a change: at most once per service and delta. */
  healthy: readonly Endpoint[] | undefined;
}

const isHealthy = (endpoint: Endpoint): boolean =>
  endpoint.workload.status === "Healthy";
