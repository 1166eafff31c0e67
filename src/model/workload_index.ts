import type { Ip } from "./address.ts";
import { HashIndex, hashText } from "./hash_index.ts";
import {
  type PackedWorkload,
  packWorkload,
  unpackWorkload,
} from "./packed_workload.ts";
import { Recent } from "./recent.ts";
import { TextMap } from "./text_map.ts";
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

/** The same, as they are held. */
export type PackedByUid = Pick<TextMap<PackedWorkload>, "get" | "values">;

/** Workloads kept unpacked because connections asked for them; about 3 KiB each. */
const RECENT_MIN = 1_024;

/**
 * Every workload of the mesh, by each name it is asked for. They are held
 * packed and off the heap: of a large mesh, one node has to do with a small
 * part. Each has a number as long as it is known; the numbers are small, and
 * used again.
 */
export class WorkloadIndex {
  readonly #packed = new TextMap<PackedWorkload>();
  readonly #recent = new Recent<number, Workload>(RECENT_MIN);
  readonly #byIp = new HashIndex();
  readonly #byHostname = new HashIndex();
  readonly #byName = new HashIndex();
  /** Those of which a waypoint is in front: few, and asked for as a whole. */
  readonly #fronted = new Set<number>();
  /** When each number was given, counted: of two workloads, the newer has more. */
  readonly #ages: number[] = [];
  #age = 0;
  readonly byUid: WorkloadsByUid = this.#viewByUid();

  /** The same, as they are held. */
  get packed(): PackedByUid {
    return this.#packed;
  }

  /**
   * Adds a workload, or replaces the one of the same uid.
   *
   * @param packed The same, where it is there already.
   * @returns Its number, and what was replaced.
   */
  put(
    workload: Workload,
    packed: PackedWorkload = packWorkload(workload),
  ): { number: number; replaced: Workload | undefined } {
    const replaced = this.byUid.get(workload.uid);
    const number = this.#packed.set(workload.uid, packed);
    if (replaced !== undefined) this.#forget(number, replaced);
    this.#ages[number] = ++this.#age;
    for (const [index, hash] of this.#keysOf(workload)) index.add(hash, number);
    if (workload.waypoint !== undefined) this.#fronted.add(number);
    return { number, replaced };
  }

  /** Forgets a workload, if it was known; returns it and its number. */
  delete(
    uid: WorkloadUid,
  ): { number: number; workload: Workload } | undefined {
    const number = this.#packed.numberOf(uid);
    const workload = this.#unpacked(number);
    if (workload === undefined) return undefined;
    this.#packed.delete(uid);
    this.#forget(number, workload);
    return { number, workload };
  }

  /** For connections: what is made for one of them is kept a while. */
  get(uid: WorkloadUid): Workload | undefined {
    return this.#used(this.#packed.numberOf(uid));
  }

  /** The one that has this number; undefined when none has. */
  numbered(number: number): Workload | undefined {
    return this.#unpacked(number);
  }

  /** Those that name a waypoint. */
  fronted(): Workload[] {
    return [...this.#fronted].map((number) => this.#used(number))
      .filter((workload) => workload !== undefined);
  }

  /** Of several that share an address: pods first, then HBONE, then the newest. */
  byIp(network: string, ip: Ip): Workload | undefined {
    let best: Workload | undefined;
    const sharing = this.#oldestFirst(
      this.#byIp.all(ipHash(network, ip)),
      (w) => w.network === network && indexedIps(w).includes(ip),
    );
    for (const candidate of sharing) {
      if (best === undefined || rank(candidate) >= rank(best)) best = candidate;
    }
    return best;
  }

  byHostname(namespace: string, hostname: string): Workload | undefined {
    const [first] = this.#oldestFirst(
      this.#byHostname.all(nameHash(namespace, hostname)),
      (w) => w.namespace === namespace && w.hostname === hostname,
    );
    return first;
  }

  local(query: LocalWorkloadQuery): Workload | undefined {
    const [first] = this.#oldestFirst(
      this.#byName.all(nameHash(query.namespace, query.name)),
      (w) =>
        w.namespace === query.namespace && w.name === query.name &&
        w.serviceAccount === query.serviceAccount &&
        (query.node === undefined || w.node === query.node),
    );
    return first;
  }

  /** Under one hash there may be others too. */
  #oldestFirst(
    numbers: number[],
    isMeant: (workload: Workload) => boolean,
  ): Workload[] {
    const ageOf = (number: number): number => this.#ages[number] ?? 0;
    return numbers.sort((a, b) => ageOf(a) - ageOf(b))
      .map((number) => this.#used(number))
      .filter((workload) => workload !== undefined)
      .filter(isMeant);
  }

  #used(number: number): Workload | undefined {
    const recent = this.#recent.get(number);
    if (recent !== undefined) return recent;
    const workload = this.#unpacked(number);
    if (workload !== undefined) this.#recent.set(number, workload);
    return workload;
  }

  #unpacked(number: number): Workload | undefined {
    const packed = this.#packed.textAt(number);
    return packed === undefined ? undefined : unpackWorkload(packed);
  }

  #forget(number: number, workload: Workload): void {
    this.#recent.delete(number);
    this.#fronted.delete(number);
    for (const [index, hash] of this.#keysOf(workload)) {
      index.delete(hash, number);
    }
  }

  *#keysOf(w: Workload): Generator<[index: HashIndex, hash: number]> {
    for (const ip of indexedIps(w)) yield [this.#byIp, ipHash(w.network, ip)];
    if (w.hostname !== "") {
      yield [this.#byHostname, nameHash(w.namespace, w.hostname)];
    }
    yield [this.#byName, nameHash(w.namespace, w.name)];
  }

  #viewByUid(): WorkloadsByUid {
    const packed = this.#packed;
    return {
      get size() {
        return packed.size;
      },
      has: (uid) => packed.has(uid),
      get: (uid) => this.#unpacked(packed.numberOf(uid)),
      keys: () => packed.keys(),
      values: () => packed.values().map(unpackWorkload),
    };
  }
}

/** A host-network workload shares its node's address, so no address is its own. */
const indexedIps = (workload: Workload): readonly Ip[] =>
  workload.networkMode === "HostNetwork" ? [] : workload.ips;

const ipHash = (network: string, ip: Ip): number =>
  hashText(ip, hashText(network));

const nameHash = (namespace: string, name: string): number =>
  hashText(name, hashText(namespace));

const rank = (workload: Workload): number =>
  (workload.uid.includes("//Pod/") ? 2 : 0) +
  (workload.protocol === "HBONE" ? 1 : 0);
