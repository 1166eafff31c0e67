import type { PortMap, ServiceKey, Workload } from "./workload.ts";

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
  readonly #workloadOf: (number: number) => Workload | undefined;

  /** @param workloadOf Knows the number of every workload that was put here. */
  constructor(workloadOf: (number: number) => Workload | undefined) {
    this.#workloadOf = workloadOf;
  }

  /** Replaces what `replaced` contributed with what `workload` does. */
  put(
    number: number,
    workload: Workload,
    replaced: Workload | undefined,
  ): void {
    if (replaced !== undefined) this.#deleteMissing(number, replaced, workload);
    for (const [key, ports] of Object.entries(workload.services)) {
      const endpoints = this.#endpointsOf(key);
      endpoints.members.add(number);
      endpoints.inUse?.set(number, { workload, ports });
      endpoints.healthy = undefined;
    }
  }

  delete(number: number, workload: Workload): void {
    for (const key of Object.keys(workload.services)) {
      this.#deleteFrom(key, number);
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

  #use(key: ServiceKey, endpoints: ServiceEndpoints): EndpointsByNumber {
    return endpoints.inUse ??= this.#made(key, endpoints);
  }

  #made(key: ServiceKey, { members }: ServiceEndpoints): EndpointsByNumber {
    const made: EndpointsByNumber = new Map();
    for (const number of members) {
      const workload = this.#workloadOf(number);
      const ports = workload?.services[key];
      if (workload !== undefined && ports !== undefined) {
        made.set(number, { workload, ports });
      }
    }
    return made;
  }

  #endpointsOf(key: ServiceKey): ServiceEndpoints {
    let endpoints = this.#services.get(key);
    if (endpoints === undefined) {
      endpoints = { members: new Set(), inUse: undefined, healthy: undefined };
      this.#services.set(key, endpoints);
    }
    return endpoints;
  }

  #deleteMissing(
    number: number,
    replaced: Workload,
    workload: Workload,
  ): void {
    for (const key of Object.keys(replaced.services)) {
      if (!Object.hasOwn(workload.services, key)) {
        this.#deleteFrom(key, number);
      }
    }
  }

  #deleteFrom(key: ServiceKey, number: number): void {
    const endpoints = this.#services.get(key);
    if (endpoints === undefined || !endpoints.members.delete(number)) return;
    endpoints.inUse?.delete(number);
    endpoints.healthy = undefined;
    if (endpoints.members.size === 0) this.#services.delete(key);
  }
}

type EndpointsByNumber = Map<number, Endpoint>;

interface ServiceEndpoints {
  /** Numbers of workloads. */
  readonly members: Set<number>;
  /** From the first connection to the service on. */
  inUse: EndpointsByNumber | undefined;
  /** Made on the first read after a change: at most once per service and delta. */
  healthy: readonly Endpoint[] | undefined;
}

const isHealthy = (endpoint: Endpoint): boolean =>
  endpoint.workload.status === "Healthy";
