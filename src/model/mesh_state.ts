import type { Ip } from "./address.ts";
import type { MeshDelta } from "./delta.ts";
import { type Endpoint, EndpointIndex } from "./endpoint_index.ts";
import {
  packDelta,
  type PackedDelta,
  unpackWorkload,
} from "./packed_workload.ts";
import type { Policy } from "./policy.ts";
import { type ApplicablePolicies, PolicyIndex } from "./policy_index.ts";
import type { Service } from "./service.ts";
import { ServiceIndex } from "./service_index.ts";
import type {
  PolicyKey,
  ServiceKey,
  Workload,
  WorkloadUid,
} from "./workload.ts";
import {
  type LocalWorkloadQuery,
  type PackedByUid,
  WorkloadIndex,
  type WorkloadsByUid,
} from "./workload_index.ts";

/** What stands behind an address of the mesh. */
export type Addressee =
  | { readonly kind: "service"; readonly service: Service }
  | { readonly kind: "workload"; readonly workload: Workload };

/** The state as everyone but its owner sees it. */
export type MeshReader = Omit<MeshState, "apply" | "applyPacked">;

/**
 * All that is known of the mesh, with the lookups of the connection path.
 *
 * One delta is applied between two events of the thread, so a reader sees all
 * of it or nothing. Objects that were handed out stay as they were.
 */
export class MeshState {
  readonly #workloads = new WorkloadIndex();
  readonly #services = new ServiceIndex();
  readonly #endpoints = new EndpointIndex((number) =>
    this.#workloads.numbered(number)
  );
  readonly #policies = new PolicyIndex();

  /** Applies upserts first, then removals; a removal of something unknown is ignored. */
  apply(delta: MeshDelta): void {
    this.applyPacked(packDelta(delta));
  }

  /** The same, for what was packed on another thread. */
  applyPacked(delta: PackedDelta): void {
    for (const packed of delta.workloads) {
      const workload = unpackWorkload(packed);
      const { number, replaced } = this.#workloads.put(workload, packed);
      this.#endpoints.put(number, workload, replaced);
    }
    for (const service of delta.services) this.#services.put(service);
    for (const policy of delta.policies) this.#policies.put(policy);
    for (const uid of delta.removedWorkloads) {
      const removed = this.#workloads.delete(uid);
      if (removed === undefined) continue;
      this.#endpoints.delete(removed.number, removed.workload);
    }
    for (const key of delta.removedServices) this.#services.delete(key);
    for (const key of delta.removedPolicies) this.#policies.delete(key);
  }

  get workloads(): WorkloadsByUid {
    return this.#workloads.byUid;
  }

  /** The same, as they are held. */
  get packedWorkloads(): PackedByUid {
    return this.#workloads.packed;
  }

  /** Those workloads that name a waypoint. */
  frontedWorkloads(): readonly Workload[] {
    return this.#workloads.fronted();
  }

  get services(): ReadonlyMap<ServiceKey, Service> {
    return this.#services.byKey;
  }

  get policies(): ReadonlyMap<PolicyKey, Policy> {
    return this.#policies.byKey;
  }

  workloadByUid(uid: WorkloadUid): Workload | undefined {
    return this.#workloads.get(uid);
  }

  /** Of several that share an address: pods first, then HBONE, then the newest. Never a host-network one. */
  workloadByIp(network: string, ip: Ip): Workload | undefined {
    return this.#workloads.byIp(network, ip);
  }

  workloadByHostname(
    namespace: string,
    hostname: string,
  ): Workload | undefined {
    return this.#workloads.byHostname(namespace, hostname);
  }

  /** The workload record of a pod that is served here. */
  localWorkload(query: LocalWorkloadQuery): Workload | undefined {
    return this.#workloads.local(query);
  }

  serviceByKey(key: ServiceKey): Service | undefined {
    return this.#services.byKey.get(key);
  }

  /**
   * The service at a virtual address: an exact one, else a range that holds it.
   *
   * @param namespace The client's; without it, visibility is not enforced.
   */
  serviceByVip(
    network: string,
    ip: Ip,
    namespace?: string,
  ): Service | undefined {
    return this.#services.byExactVip(network, ip, namespace) ??
      this.#services.byCidrVip(network, ip, namespace);
  }

  /** @param namespace The client's; without it, visibility is not enforced. */
  serviceByHostname(hostname: string, namespace?: string): Service | undefined {
    return this.#services.byHostname(hostname, namespace);
  }

  /** All services of that name, oldest first, whoever may see them. */
  servicesByHostname(hostname: string): readonly Service[] {
    return this.#services.allByHostname(hostname);
  }

  /**
   * What an address means, most specific first: the service that has exactly
   * this address, else the workload, else the service whose range holds it.
   *
   * ztunnel asks in two orders at two places, so that an address which is both
   * a service's and a workload's skips the service's waypoint; here there is
   * this one order only.
   *
   * @param namespace The client's; without it, visibility is not enforced.
   */
  findAddress(
    network: string,
    ip: Ip,
    namespace?: string,
  ): Addressee | undefined {
    const exact = this.#services.byExactVip(network, ip, namespace);
    if (exact !== undefined) return { kind: "service", service: exact };
    const workload = this.#workloads.byIp(network, ip);
    if (workload !== undefined) return { kind: "workload", workload };
    const service = this.#services.byCidrVip(network, ip, namespace);
    return service === undefined ? undefined : { kind: "service", service };
  }

  /** The endpoints that the service's health policy admits; none for an unknown service. */
  endpoints(key: ServiceKey): Iterable<Endpoint> {
    const service = this.#services.byKey.get(key);
    if (service === undefined) return [];
    return service.loadBalancer?.healthPolicy === "AllowAll"
      ? this.#endpoints.used(key)
      : this.#endpoints.usedHealthy(key);
  }

  /** Every endpoint of a service, healthy or not. */
  allEndpoints(key: ServiceKey): Iterable<Endpoint> {
    return this.#endpoints.all(key);
  }

  /** Endpoints, healthy or not, of services that are not known (yet). */
  stagedEndpoints(): Map<ServiceKey, readonly Endpoint[]> {
    const staged = new Map<ServiceKey, readonly Endpoint[]>();
    for (const key of this.#endpoints.keys()) {
      if (!this.#services.byKey.has(key)) {
        staged.set(key, [...this.#endpoints.all(key)]);
      }
    }
    return staged;
  }

  /** The policies that apply to a workload by scope or by selection. */
  policiesFor(workload: Workload): ApplicablePolicies {
    return this.#policies.applicableTo(workload);
  }
}
