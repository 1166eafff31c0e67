import type { Ip } from "./address.ts";
import { AddressIndex } from "./address_index.ts";
import { MultiMap } from "./multi_map.ts";
import type { Workload, WorkloadUid } from "./workload.ts";

/** What is known of a pod before its workload is: from its enrolment. */
export interface LocalWorkloadQuery {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** This node; undefined looks on every node. */
  readonly node?: string;
}

/** Every workload of the mesh, by each name it is asked for. */
export class WorkloadIndex {
  readonly #byUid = new Map<WorkloadUid, Workload>();
  readonly #byIp = new AddressIndex<Workload>();
  readonly #byHostname = new MultiMap<string, Workload>();
  readonly #byName = new MultiMap<string, Workload>();

  get byUid(): ReadonlyMap<WorkloadUid, Workload> {
    return this.#byUid;
  }

  /** Adds a workload, or replaces the one of the same uid, which is returned. */
  put(workload: Workload): Workload | undefined {
    const replaced = this.delete(workload.uid);
    this.#byUid.set(workload.uid, workload);
    for (const ip of indexedIps(workload)) {
      this.#byIp.add(workload.network, ip, workload);
    }
    if (workload.hostname !== "") {
      this.#byHostname.add(hostnameKey(workload), workload);
    }
    this.#byName.add(nameKey(workload), workload);
    return replaced;
  }

  /** Forgets a workload and returns it, if it was known. */
  delete(uid: WorkloadUid): Workload | undefined {
    const workload = this.#byUid.get(uid);
    if (workload === undefined) return undefined;
    this.#byUid.delete(uid);
    for (const ip of indexedIps(workload)) {
      this.#byIp.delete(workload.network, ip, workload);
    }
    if (workload.hostname !== "") {
      this.#byHostname.delete(hostnameKey(workload), workload);
    }
    this.#byName.delete(nameKey(workload), workload);
    return workload;
  }

  /** Of several that share an address: pods first, then HBONE, then the newest. */
  byIp(network: string, ip: Ip): Workload | undefined {
    let best: Workload | undefined;
    for (const candidate of this.#byIp.get(network, ip)) {
      if (best === undefined || rank(candidate) >= rank(best)) best = candidate;
    }
    return best;
  }

  byHostname(namespace: string, hostname: string): Workload | undefined {
    return this.#byHostname.get(hostnameKey({ namespace, hostname }))[0];
  }

  local(query: LocalWorkloadQuery): Workload | undefined {
    return this.#byName.get(nameKey(query)).find((w) =>
      w.serviceAccount === query.serviceAccount &&
      (query.node === undefined || w.node === query.node)
    );
  }
}

/** A host-network workload shares its node's address, so no address is its own. */
const indexedIps = (workload: Workload): readonly Ip[] =>
  workload.networkMode === "HostNetwork" ? [] : workload.ips;

/** Neither a namespace nor a name holds a slash, so keys cannot collide. */
const nameKey = (w: { namespace: string; name: string }): string =>
  `${w.namespace}/${w.name}`;

const hostnameKey = (w: { namespace: string; hostname: string }): string =>
  `${w.namespace}/${w.hostname}`;

const rank = (workload: Workload): number =>
  (workload.uid.includes("//Pod/") ? 2 : 0) +
  (workload.protocol === "HBONE" ? 1 : 0);
