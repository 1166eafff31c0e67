import type { MeshDelta } from "../../model/delta.ts";
import { serviceKey } from "../../model/service.ts";
import { TextMap } from "../../model/text_map.ts";
import type { MeshResource } from "../../wire/xds/mod.ts";

/** What a resource stands for in the mesh's state. */
export interface MeshKey {
  readonly kind: MeshResource["kind"];
  readonly key: string;
}

/** @returns Where the state keeps it. */
export function meshKeyOf(resource: MeshResource): MeshKey {
  switch (resource.kind) {
    case "workload":
      return { kind: "workload", key: resource.workload.uid };
    case "service":
      return { kind: "service", key: serviceKey(resource.service) };
    case "policy":
      return { kind: "policy", key: resource.policy.key };
    default:
      throw new Error(`unhandled: ${resource satisfies never}`);
  }
}

interface Known extends MeshKey {
  readonly version: string;
}

/**
 * The resources of one type that were taken, by the server's names for them: a
 * later stream begins with them.
 */
export class KnownResources {
  /** The values are {@link Known} as JSON: of a large mesh there are many. */
  readonly #byName = new TextMap<string>();

  get size(): number {
    return this.#byName.size;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** @returns What the name stood for, when that was something else. */
  put(name: string, version: string, now: MeshKey): MeshKey | undefined {
    const before = this.#get(name);
    const known: Known = { kind: now.kind, key: now.key, version };
    this.#byName.set(name, JSON.stringify(known));
    const same = before?.kind === now.kind && before.key === now.key;
    return same ? undefined : before;
  }

  /** @returns What the name stood for; undefined when it is not known. */
  take(name: string): MeshKey | undefined {
    const known = this.#get(name);
    this.#byName.delete(name);
    return known;
  }

  /** Versions by name, as the first request of a stream tells them. */
  versions(): Record<string, string> {
    return Object.fromEntries(
      this.#byName.keys().map((name) => [name, this.#get(name)?.version ?? ""]),
    );
  }

  #get(name: string): Known | undefined {
    const text = this.#byName.get(name);
    return text === undefined ? undefined : JSON.parse(text);
  }
}

/** A delta that is still being put together. */
export type DeltaDraft = {
  -readonly [K in keyof MeshDelta]: MeshDelta[K][number][];
};

/** A delta with nothing in it yet. */
export const newDraft = (): DeltaDraft => ({
  workloads: [],
  services: [],
  policies: [],
  removedWorkloads: [],
  removedServices: [],
  removedPolicies: [],
});

/** Adds a resource to the draft. */
export function addTo(draft: DeltaDraft, resource: MeshResource): void {
  switch (resource.kind) {
    case "workload":
      return void draft.workloads.push(resource.workload);
    case "service":
      return void draft.services.push(resource.service);
    case "policy":
      return void draft.policies.push(resource.policy);
    default:
      throw new Error(`unhandled: ${resource satisfies never}`);
  }
}

/** Has the draft remove what a key stands for. */
export function removeFrom(draft: DeltaDraft, { kind, key }: MeshKey): void {
  switch (kind) {
    case "workload":
      return void draft.removedWorkloads.push(key);
    case "service":
      return void draft.removedServices.push(key);
    case "policy":
      return void draft.removedPolicies.push(key);
    default:
      throw new Error(`unhandled: ${kind satisfies never}`);
  }
}
