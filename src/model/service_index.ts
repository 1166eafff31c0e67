import type { Ip } from "./address.ts";
import { AddressIndex } from "./address_index.ts";
import { CidrIndex } from "./cidr_index.ts";
import { MultiMap } from "./multi_map.ts";
import { type Service, serviceKey } from "./service.ts";
import type { ServiceKey } from "./workload.ts";

/**
 * Every service of the mesh, by each name it is asked for.
 *
 * A lookup that names the client's namespace sees public services and those of
 * that namespace; one without a namespace sees all.
 */
export class ServiceIndex {
  readonly #byKey = new Map<ServiceKey, Service>();
  readonly #byVip = new AddressIndex<Service>();
  readonly #byCidr = new CidrIndex<Service>();
  readonly #byHostname = new MultiMap<string, Service>();

  get byKey(): ReadonlyMap<ServiceKey, Service> {
    return this.#byKey;
  }

  /** Adds a service, or replaces the one of the same key. */
  put(service: Service): void {
    const key = serviceKey(service);
    this.delete(key);
    this.#byKey.set(key, service);
    this.#byHostname.add(service.hostname, service);
    for (const vip of service.vips) {
      this.#byVip.add(vip.network, vip.ip, service);
    }
    for (const vip of service.cidrVips) {
      this.#byCidr.add(vip.network, vip.cidr, service);
    }
  }

  delete(key: ServiceKey): void {
    const service = this.#byKey.get(key);
    if (service === undefined) return;
    this.#byKey.delete(key);
    this.#byHostname.delete(service.hostname, service);
    for (const vip of service.vips) {
      this.#byVip.delete(vip.network, vip.ip, service);
    }
    for (const vip of service.cidrVips) {
      this.#byCidr.delete(vip.network, vip.cidr, service);
    }
  }

  byExactVip(
    network: string,
    ip: Ip,
    namespace?: string,
  ): Service | undefined {
    return preferred(this.#byVip.get(network, ip), namespace);
  }

  /** Ranges that contain `ip`: the client's namespace first, then the longest prefix, then canonical. */
  byCidrVip(network: string, ip: Ip, namespace?: string): Service | undefined {
    let fallback: Service | undefined;
    for (const candidates of this.#byCidr.containing(network, ip)) {
      const visible = candidates.filter((s) => isVisible(s, namespace));
      const own = visible.filter((s) => s.namespace === namespace);
      if (own.length > 0) return firstCanonical(own);
      fallback ??= firstCanonical(visible);
    }
    return fallback;
  }

  byHostname(hostname: string, namespace?: string): Service | undefined {
    return preferred(this.#byHostname.get(hostname), namespace);
  }

  /** All services of that name, oldest first, whoever may see them. */
  allByHostname(hostname: string): readonly Service[] {
    return this.#byHostname.get(hostname);
  }
}

function isVisible(service: Service, namespace: string | undefined): boolean {
  return namespace === undefined || service.visibility === "Public" ||
    service.namespace === namespace;
}

/** The client's namespace, else canonical, else the first; the newest within one namespace. */
function preferred(
  candidates: readonly Service[],
  namespace: string | undefined,
): Service | undefined {
  let own: Service | undefined;
  let canonical: Service | undefined;
  let first: Service | undefined;
  for (const candidate of candidates) {
    if (!isVisible(candidate, namespace)) continue;
    if (candidate.namespace === namespace) own = candidate;
    if (candidate.canonical) canonical = candidate;
    if (first === undefined || first.namespace === candidate.namespace) {
      first = candidate;
    }
  }
  return own ?? canonical ?? first;
}

const firstCanonical = (candidates: readonly Service[]): Service | undefined =>
  candidates.find((s) => s.canonical) ?? candidates[0];
