import { messageOf } from "../base/errors.ts";
import type { CertificateState } from "../model/certificate.ts";
import { EMPTY_DELTA, type MeshDelta } from "../model/delta.ts";
import type { Identity } from "../model/identity.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import { slicesOf } from "../model/slices.ts";
import type { PodInfo } from "../proxy/context.ts";
import type { WaypointOrders } from "../proxy/waypoint/view.ts";
import type { Fd } from "../sys/libc.ts";
import type { Logger } from "../telemetry/log.ts";
import { MESH_SLICE_MAX, RESPAWN_MAX_MS, RESPAWN_MIN_MS } from "./limits.ts";
import type { WorkerSettings, WorkerSnapshot } from "./messages.ts";
import { WorkerHandle } from "./worker_handle.ts";

export interface WorkerPoolOptions {
  readonly count: number;
  readonly settings: Omit<WorkerSettings, "name">;
  /** Module of the thread; default the product's. */
  readonly entry?: URL;
  /** All that a worker must know which starts late. */
  readonly mesh: MeshReader;
  certificates(): Iterable<readonly [spiffeId: string, CertificateState]>;
  wantCertificate(identity: Identity): void;
  /** Called when {@link WorkerPool.ready} may have changed. */
  onReadyChange(): void;
  readonly log: Logger;
}

interface Slot {
  readonly name: string;
  handle: WorkerHandle | undefined;
  /** Knows the mesh and serves every pod. */
  current: boolean;
  deaths: number;
}

/**
 * The data workers. Each has its own listeners in every pod and its own copy of
 * the mesh; one that dies is replaced, while the others go on.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: Slot[];
  readonly #pods = new Map<string, { pod: PodInfo; netns: Fd | undefined }>();
  #logFilter: string;
  #waypoint: WaypointOrders | undefined;
  #ending = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#logFilter = options.settings.log.filter;
    this.#slots = Array.from({ length: options.count }, (_, i) => ({
      name: `worker-${i}`,
      handle: undefined,
      current: false,
      deaths: 0,
    }));
  }

  /** Whether every worker serves. */
  get ready(): boolean {
    return !this.#ending && this.#slots.every((slot) => slot.current);
  }

  /** Starts all workers. */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#spawn(slot)));
  }

  /** Tells all workers of a change; the pool's own mesh has it already. */
  async applyMesh(delta: MeshDelta): Promise<void> {
    for (const slice of slicesOf(delta, MESH_SLICE_MAX)) {
      this.#broadcast((handle) => handle.post({ kind: "mesh", delta: slice }));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  putCertificate(spiffeId: string, state: CertificateState | undefined): void {
    const message = state === undefined
      ? { kind: "certificate", spiffeId } as const
      : { kind: "certificate", spiffeId, state } as const;
    this.#broadcast((handle) => handle.post(message));
  }

  /** Tells all workers what the waypoint is to do. */
  setWaypoint(orders: WaypointOrders): void {
    this.#waypoint = orders;
    this.#broadcast((handle) => handle.post({ kind: "waypoint", orders }));
  }

  setLogFilter(filter: string): void {
    this.#logFilter = filter;
    this.#broadcast((handle) => handle.post({ kind: "log-filter", filter }));
  }

  /**
   * Serves a pod in every worker, or in none.
   *
   * @param netns Stays open until {@link stop} is done.
   * @throws {WorkerError} naming what one worker could not do.
   */
  async serve(pod: PodInfo, netns: Fd | undefined): Promise<void> {
    this.#pods.set(pod.uid, { pod, netns });
    const order = { kind: "serve", pod, netns } as const;
    const ends = await Promise.allSettled(
      this.#live().map((handle) => handle.serve(order)),
    );
    const failed = ends.find((end) => end.status === "rejected");
    // A worker that died under the order takes the pod on when it is back.
    if (failed === undefined || this.#pods.get(pod.uid) === undefined) return;
    if (this.#slots.some((slot) => slot.handle?.dead)) return;
    await this.stop(pod.uid);
    throw failed.reason;
  }

  async stop(uid: string): Promise<void> {
    this.#pods.delete(uid);
    await Promise.allSettled(this.#live().map((handle) => handle.stop(uid)));
  }

  async drain(graceMs: number): Promise<void> {
    this.#ending = true;
    await Promise.allSettled(
      this.#live().map((handle) => handle.drain(graceMs)),
    );
  }

  terminate(): void {
    this.#ending = true;
    for (const handle of this.#live()) handle.terminate();
  }

  /** What the workers know now; one that does not answer is left out. */
  async snapshots(): Promise<WorkerSnapshot[]> {
    const ends = await Promise.allSettled(
      this.#live().map((handle) => handle.snapshot()),
    );
    return ends.flatMap((end) =>
      end.status === "fulfilled" && end.value !== undefined ? [end.value] : []
    );
  }

  #live(): WorkerHandle[] {
    return this.#slots.flatMap(({ handle }) =>
      handle === undefined || handle.dead ? [] : [handle]
    );
  }

  #broadcast(act: (handle: WorkerHandle) => void): void {
    for (const handle of this.#live()) act(handle);
  }

  /** @throws {WorkerError} when the thread does not come up; it is ended then. */
  async #spawn(slot: Slot): Promise<void> {
    const { settings, entry, wantCertificate } = this.#options;
    const handle = new WorkerHandle(entry ?? PRODUCT_ENTRY, slot.name, {
      onMessage: ({ identity }) => wantCertificate(identity),
      onDeath: (why) => {
        if (slot.current) this.#onDeath(slot, why);
      },
    });
    const log = { ...settings.log, filter: this.#logFilter };
    try {
      await handle.start({ ...settings, log, name: slot.name });
      slot.handle = handle;
      await this.#bringUpToDate(handle);
    } catch (reason) {
      handle.terminate();
      throw reason;
    }
    slot.current = true;
    this.#options.onReadyChange();
  }

  /** From here on the worker also hears every broadcast. */
  async #bringUpToDate(handle: WorkerHandle): Promise<void> {
    const { mesh, certificates } = this.#options;
    const whole: MeshDelta = {
      ...EMPTY_DELTA,
      workloads: [...mesh.workloads.values()],
      services: [...mesh.services.values()],
      policies: [...mesh.policies.values()],
    };
    for (const delta of slicesOf(whole, MESH_SLICE_MAX)) {
      handle.post({ kind: "mesh", delta });
    }
    for (const [spiffeId, state] of certificates()) {
      handle.post({ kind: "certificate", spiffeId, state });
    }
    if (this.#waypoint !== undefined) {
      handle.post({ kind: "waypoint", orders: this.#waypoint });
    }
    for (const { pod, netns } of [...this.#pods.values()]) {
      await handle.serve({ kind: "serve", pod, netns });
    }
  }

  #onDeath(slot: Slot, why: string): void {
    slot.current = false;
    slot.deaths++;
    if (this.#ending) return;
    this.#options.onReadyChange();
    const waitMs = Math.min(
      RESPAWN_MAX_MS,
      RESPAWN_MIN_MS * 2 ** (slot.deaths - 1),
    );
    this.#options.log.error("data worker died, replacing it", {
      worker: slot.name,
      error: why,
      retry_ms: waitMs,
    });
    setTimeout(() => {
      if (this.#ending) return;
      this.#spawn(slot).catch((reason: unknown) =>
        this.#onDeath(slot, messageOf(reason))
      );
    }, waitMs);
  }
}

const PRODUCT_ENTRY = new URL("./entry.ts", import.meta.url);
