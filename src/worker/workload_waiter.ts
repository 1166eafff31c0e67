import type { MeshReader } from "../model/mesh_state.ts";
import type { Workload } from "../model/workload.ts";
import type { PodInfo } from "../proxy/context.ts";
import { WORKLOAD_WAIT_MS } from "../proxy/limits.ts";

/** Finds the records of pods served here; a pod may come before its record. */
export class WorkloadWaiter {
  readonly #mesh: MeshReader;
  readonly #where: { readonly node?: string };
  readonly #waitMs: number;
  readonly #waiting = new Map<PodInfo, (found: Workload | undefined) => void>();
  readonly #promises = new Map<PodInfo, Promise<Workload | undefined>>();

  /** @param node Where the pods are; undefined looks on every node. */
  constructor(
    mesh: MeshReader,
    node: string | undefined,
    waitMs = WORKLOAD_WAIT_MS,
  ) {
    this.#mesh = mesh;
    this.#waitMs = waitMs;
    this.#where = node === undefined ? {} : { node };
  }

  /** undefined when the record does not come within {@link WORKLOAD_WAIT_MS}. */
  find(pod: PodInfo): Promise<Workload | undefined> {
    const found = this.#lookUp(pod);
    if (found !== undefined) return Promise.resolve(found);
    const known = this.#promises.get(pod);
    if (known !== undefined) return known;
    const { promise, resolve } = Promise.withResolvers<Workload | undefined>();
    const timer = setTimeout(() => resolve(undefined), this.#waitMs);
    this.#waiting.set(pod, resolve);
    const settled = promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(pod);
      this.#promises.delete(pod);
    });
    this.#promises.set(pod, settled);
    return settled;
  }

  /** Looks again for what is waited for: the mesh changed. */
  look(): void {
    for (const [pod, resolve] of this.#waiting) {
      const found = this.#lookUp(pod);
      if (found !== undefined) resolve(found);
    }
  }

  #lookUp({ name, namespace, serviceAccount }: PodInfo): Workload | undefined {
    return this.#mesh.localWorkload({
      name,
      namespace,
      serviceAccount,
      ...this.#where,
    });
  }
}
