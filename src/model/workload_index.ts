import type { Ip } from "./address.ts";
import { AddressIndex } from "./address_index.ts";
import { MultiMap } from "./multi_map.ts";
import {
  type PackedWorkload,
  packWorkload,
  unpackWorkload,
} from "./packed_workload.ts";
import { Recent } from "./recent.ts";
import type { Workload, WorkloadUid } from "./workload.ts";

/** What is known of a pod before its workload is: from its enrolment. */
export interface LocalWorkloadQuery {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** This node; undefined looks on every node. */
  readonly node?: string;
}

/** Workloads by uid; each is made when it is asked for. */
export interface WorkloadsByUid {
  readonly size: number;
  has(uid: WorkloadUid): boolean;
  get(uid: WorkloadUid): Workload | undefined;
  keys(): Iterable<WorkloadUid>;
  values(): Iterable<Workload>;
}

/** Workloads kept unpacked because connections asked for them; about 3 KiB each. */
const RECENT_MIN = 1_024;

/**
 * Every workload of the mesh, by each name it is asked for. They are held
 * packed: of a large mesh, one node has to do with a small part.
 */
export class WorkloadIndex {
  readonly #packed = new Map<WorkloadUid, PackedWorkload>();
  readonly #recent = new Recent<WorkloadUid, Workload>(RECENT_MIN);
  readonly #byIp = new AddressIndex<WorkloadUid>();
  readonly #byHostname = new MultiMap<string, WorkloadUid>();
  readonly #byName = new MultiMap<string, WorkloadUid>();
  readonly byUid: WorkloadsByUid = this.#viewByUid();

  get packed(): ReadonlyMap<WorkloadUid, PackedWorkload> {
    return this.#packed;
  }

  /**
   * Adds a workload, or replaces the one of the same uid.
   *
   * @param packed The same, where it is there already.
   * @returns What was replaced.
   */
  put(
    workload: Workload,
    packed: PackedWorkload = packWorkload(workload),
  ): Workload | undefined {
    const { uid } = workload;
    const replaced = this.delete(uid);
    this.#packed.set(uid, packed);
    for (const ip of indexedIps(workload)) {
      this.#byIp.add(workload.network, ip, uid);
    }
    if (workload.hostname !== "") {
      this.#byHostname.add(hostnameKey(workload), uid);
    }
    this.#byName.add(nameKey(workload), uid);
    return replaced;
  }

  /** Forgets a workload and returns it, if it was known. */
  delete(uid: WorkloadUid): Workload | undefined {
    const workload = this.#unpacked(uid);
    if (workload === undefined) return undefined;
    this.#packed.delete(uid);
    this.#recent.delete(uid);
    for (const ip of indexedIps(workload)) {
      this.#byIp.delete(workload.network, ip, uid);
    }
    if (workload.hostname !== "") {
      this.#byHostname.delete(hostnameKey(workload), uid);
    }
    this.#byName.delete(nameKey(workload), uid);
    return workload;
  }

  /** For connections: what is made for one of them is kept a while. */
  get(uid: WorkloadUid): Workload | undefined {
    const recent = this.#recent.get(uid);
    if (recent !== undefined) return recent;
    const workload = this.#unpacked(uid);
    if (workload !== undefined) this.#recent.set(uid, workload);
    return workload;
  }

  /** Of several that share an address: pods first, then HBONE, then the newest. */
  byIp(network: string, ip: Ip): Workload | undefined {
    let best: Workload | undefined;
    for (const candidate of this.#all(this.#byIp.get(network, ip))) {
      if (best === undefined || rank(candidate) >= rank(best)) best = candidate;
    }
    return best;
  }

  byHostname(namespace: string, hostname: string): Workload | undefined {
    const [first] = this.#byHostname.get(hostnameKey({ namespace, hostname }));
    return first === undefined ? undefined : this.get(first);
  }

  local(query: LocalWorkloadQuery): Workload | undefined {
    const named = this.#all(this.#byName.get(nameKey(query)));
    return named.find((w) =>
      w.serviceAccount === query.serviceAccount &&
      (query.node === undefined || w.node === query.node)
    );
  }

  #all(uids: readonly WorkloadUid[]): Workload[] {
    return uids.map((uid) => this.get(uid)).filter((w) => w !== undefined);
  }

  #unpacked(uid: WorkloadUid): Workload | undefined {
    const packed = this.#packed.get(uid);
    return packed === undefined ? undefined : unpackWorkload(packed);
  }

  #viewByUid(): WorkloadsByUid {
    const packed = this.#packed;
    return {
      get size() {
        return packed.size;
      },
      has: (uid) => packed.has(uid),
      get: (uid) => this.#unpacked(uid),
      keys: () => packed.keys(),
      values: () => packed.values().map(unpackWorkload),
    };
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
