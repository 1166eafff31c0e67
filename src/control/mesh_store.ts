import type { MeshDelta } from "../model/delta.ts";
import { isEmptyDelta, type MeshResources } from "../model/diff.ts";
import { type MeshReader, MeshState } from "../model/mesh_state.ts";
import {
  type PackedDelta,
  type PackedWorkload,
  packWorkload,
} from "../model/packed_workload.ts";
import type { Policy } from "../model/policy.ts";
import { type Service, serviceKey } from "../model/service.ts";
import { TextMap } from "../model/text_map.ts";
import type { Workload } from "../model/workload.ts";
import { type Claims, HOLDS, merge } from "./claims.ts";

/** What one source says. */
interface Said {
  readonly workloads: Claims<PackedWorkload>;
  readonly services: Claims<Service>;
  readonly policies: Claims<Policy>;
}

/**
 * The control thread's own copy of the mesh, put together from what its sources
 * say; every change goes on to `publish`. Where two sources describe one thing,
 * the newest word holds, and when its source takes it back, the other's.
 */
export class MeshStore {
  readonly #state = new MeshState();
  readonly #sources = new Map<string, Said>();
  readonly #publish: (delta: PackedDelta) => void;
  readonly #listeners = new Set<() => void>();

  constructor(publish: (delta: PackedDelta) => void) {
    this.#publish = publish;
  }

  get mesh(): MeshReader {
    return this.#state;
  }

  /** Takes a source's whole state; what it does not name any more is removed. */
  replace(source: string, resources: MeshResources): void {
    const own = this.#saidBy(source);
    const { workloads, services, policies } = resources;
    this.update(source, {
      workloads,
      services,
      policies,
      removedWorkloads: missing(own.workloads, workloads, uidOf),
      removedServices: missing(own.services, services, nameOf),
      removedPolicies: missing(own.policies, policies, keyOf),
    });
  }

  /** Takes a step of a source; what it says again unchanged goes no further. */
  update(source: string, step: MeshDelta): void {
    const own = this.#saidBy(source);
    const others = [...this.#sources.values()].filter((said) => said !== own);
    const { packedWorkloads, services, policies } = this.#state;
    const ofWorkloads = merge(
      own.workloads,
      others.map((said) => said.workloads),
      (uid) => packedWorkloads.get(uid),
      {
        put: step.workloads.map((w) => [w.uid, packWorkload(w)]),
        remove: step.removedWorkloads,
      },
    );
    const ofServices = merge(
      own.services,
      others.map((said) => said.services),
      (name) => services.get(name),
      {
        put: step.services.map((s) => [nameOf(s), s]),
        remove: step.removedServices,
      },
    );
    const ofPolicies = merge(
      own.policies,
      others.map((said) => said.policies),
      (key) => policies.get(key),
      {
        put: step.policies.map((p) => [keyOf(p), p]),
        remove: step.removedPolicies,
      },
    );
    this.#apply({
      workloads: ofWorkloads.put,
      services: ofServices.put,
      policies: ofPolicies.put,
      removedWorkloads: ofWorkloads.removed,
      removedServices: ofServices.removed,
      removedPolicies: ofPolicies.removed,
    });
  }

  #apply(delta: PackedDelta): void {
    if (isEmptyDelta(delta)) return;
    this.#state.applyPacked(delta);
    this.#publish(delta);
    for (const listener of this.#listeners) listener();
  }

  /** Is called after each change, when it has been published. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #saidBy(source: string): Said {
    const known = this.#sources.get(source);
    if (known !== undefined) return known;
    const said: Said = {
      workloads: new TextMap<PackedWorkload | typeof HOLDS>(),
      services: new Map(),
      policies: new Map(),
    };
    this.#sources.set(source, said);
    return said;
  }
}

const uidOf = ({ uid }: Workload): string => uid;
const nameOf = (service: Service): string => serviceKey(service);
const keyOf = ({ key }: Policy): string => key;

/** Keys that are said, but are not among the items. */
function missing<T>(
  said: Pick<Claims<unknown>, "size" | "keys">,
  items: readonly T[],
  keyOf: (item: T) => string,
): string[] {
  if (said.size === 0) return [];
  const keys = new Set(items.map(keyOf));
  return [...said.keys()].filter((key) => !keys.has(key));
}
