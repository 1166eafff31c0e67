import { messageOf } from "../base/errors.ts";
import type { CertificateState } from "../model/certificate.ts";
import { EMPTY_DELTA } from "../model/delta.ts";
import { isEqual } from "../model/diff.ts";
import type { Identity } from "../model/identity.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import type { PackedDelta } from "../model/packed_workload.ts";
import { slicesOf } from "../model/slices.ts";
import type { PodInfo } from "../proxy/context.ts";
import type { WaypointOrders } from "../proxy/waypoint/view.ts";
import type { Fd } from "../sys/libc.ts";
import type { Logger } from "../telemetry/log.ts";
import {
  MESH_SLICE_MAX,
  RESPAWN_MAX_MS,
  RESPAWN_MIN_MS,
  WORKER_LIMITS,
  type WorkerLimits,
} from "./limits.ts";
import type { WorkerSettings, WorkerSnapshot } from "./messages.ts";
import { type Wish, WorkerHandle } from "./worker_handle.ts";

export interface WorkerPoolOptions {
  readonly count: number;
  readonly settings: Omit<WorkerSettings, "name">;
  /** Module of the thread; default the product's. */
  readonly entry?: URL;
  /** All that a worker must know which starts late. */
  readonly mesh: MeshReader;
  certificates(): Iterable<readonly [spiffeId: string, CertificateState]>;
  wantCertificate(identity: Identity): void;
  /**
   * Returns when the mesh has what there is of a name. Default: at once.
   *
   * @throws {HairpinError} when that cannot be said now.
   */
  wantAddress?(name: string): Promise<void>;
  /** Called when {@link WorkerPool.ready} may have changed. */
  onReadyChange(): void;
  readonly log: Logger;
  /** Default {@link WORKER_LIMITS}. */
  readonly limits?: WorkerLimits;
}

interface Slot {
  readonly name: string;
  /** From the start of its thread on. */
  handle: WorkerHandle | undefined;
  /** Takes orders: hears whatever all are told. */
  loaded: boolean;
  /** Knows the mesh and serves the pods. */
  current: boolean;
  /** When it last became current. */
  sinceMs: number;
  /** Deaths in a row. */
  deaths: number;
  retry: ReturnType<typeof setTimeout> | undefined;
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
  #crls: readonly Uint8Array[] = [];
  #ending = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#logFilter = options.settings.log.filter;
    this.#slots = Array.from({ length: options.count }, (_, i) => ({
      name: `worker-${i}`,
      handle: undefined,
      loaded: false,
      current: false,
      sinceMs: 0,
      deaths: 0,
      retry: undefined,
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
  applyMesh(delta: PackedDelta): void {
    // A worker that is loaded later has it from the mesh.
    for (const handle of this.#live()) handle.applyMesh(delta);
  }

  /** Settles when every change so far is in force in all of them. */
  async meshTaken(): Promise<void> {
    await Promise.all(this.#live().map((handle) => handle.meshTaken));
  }

  /** Settles when all that they were told so far is in force in all of them. */
  async ordersTaken(): Promise<void> {
    await Promise.all(this.#live().map((handle) => handle.ordersTaken()));
  }

  putCertificate(spiffeId: string, state: CertificateState | undefined): void {
    const message = state === undefined
      ? { kind: "certificate", spiffeId } as const
      : { kind: "certificate", spiffeId, state } as const;
    this.#broadcast((handle) => handle.post(message));
  }

  /** What they were told last; undefined in node mode. */
  get waypointOrders(): WaypointOrders | undefined {
    return this.#waypoint;
  }

  /** Tells all workers which certificates are revoked: lists in DER. */
  setCrls(crls: readonly Uint8Array[]): void {
    this.#crls = crls;
    this.#broadcast((handle) => handle.post({ kind: "crl", crls }));
  }

  /**
   * Tells all workers what the waypoint is to do, if that is news: a worker
   * begins anew with what it has opened and compiled.
   *
   * @returns what is in force, equal to `orders`.
   */
  setWaypoint(orders: WaypointOrders): WaypointOrders {
    const before = this.#waypoint;
    if (before !== undefined && isEqual(orders, before)) return before;
    this.#waypoint = orders;
    this.#broadcast((handle) => handle.post({ kind: "waypoint", orders }));
    return orders;
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
    const failures: unknown[] = [];
    await Promise.all(
      this.#live().map((handle) =>
        handle.serve(order).catch((reason: unknown) => {
          // One that died under the order takes the pod on when it is back.
          if (!handle.dead) failures.push(reason);
        })
      ),
    );
    if (failures.length === 0 || !this.#pods.has(pod.uid)) return;
    await this.stop(pod.uid);
    throw failures[0];
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
    for (const { handle, retry } of this.#slots) {
      clearTimeout(retry);
      handle?.terminate();
    }
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
    return this.#slots.flatMap(({ handle, loaded }) =>
      handle === undefined || handle.dead || !loaded ? [] : [handle]
    );
  }

  #broadcast(act: (handle: WorkerHandle) => void): void {
    for (const handle of this.#live()) act(handle);
  }

  /** @throws {WorkerError} when the thread does not come up; it is ended then. */
  async #spawn(slot: Slot): Promise<void> {
    const { settings } = this.#options;
    const handle = slot.handle = this.#makeHandle(slot);
    slot.loaded = false;
    const log = { ...settings.log, filter: this.#logFilter };
    try {
      await handle.start({ ...settings, log, name: slot.name });
      slot.loaded = true;
      await this.#bringUpToDate(handle);
    } catch (reason) {
      handle.terminate();
      throw reason;
    }
    slot.current = true;
    slot.sinceMs = performance.now();
    this.#options.onReadyChange();
  }

  #makeHandle(slot: Slot): WorkerHandle {
    const { entry, limits = WORKER_LIMITS } = this.#options;
    return new WorkerHandle(entry ?? PRODUCT_ENTRY, slot.name, {
      onMessage: (wish) => this.#fulfil(slot, wish),
      onDeath: (why) => {
        if (slot.current) this.#onDeath(slot, why);
      },
    }, limits);
  }

  #fulfil({ handle }: Slot, wish: Wish): void {
    switch (wish.kind) {
      case "want-certificate":
        return this.#options.wantCertificate(wish.identity);
      case "want-address":
        return void this.#tellAddress(handle, wish.name);
      default:
        throw new Error(`unhandled: ${wish satisfies never}`);
    }
  }

  /** The answer follows the change of the mesh that it is about. */
  async #tellAddress(
    handle: WorkerHandle | undefined,
    name: string,
  ): Promise<void> {
    try {
      await this.#options.wantAddress?.(name);
      await handle?.meshTaken;
      handle?.post({ kind: "address", name });
    } catch (reason) {
      handle?.post({ kind: "address", name, failure: messageOf(reason) });
    }
  }

  /** From here on the worker also hears every broadcast. */
  async #bringUpToDate(handle: WorkerHandle): Promise<void> {
    const { mesh, certificates } = this.#options;
    const whole: PackedDelta = {
      ...EMPTY_DELTA,
      workloads: [...mesh.packedWorkloads.values()],
      services: [...mesh.services.values()],
      policies: [...mesh.policies.values()],
    };
    for (const delta of slicesOf(whole, MESH_SLICE_MAX)) {
      handle.post({ kind: "mesh", delta });
    }
    if (this.#crls.length > 0) handle.post({ kind: "crl", crls: this.#crls });
    for (const [spiffeId, state] of certificates()) {
      handle.post({ kind: "certificate", spiffeId, state });
    }
    if (this.#waypoint !== undefined) {
      handle.post({ kind: "waypoint", orders: this.#waypoint });
    }
    for (const held of [...this.#pods.values()]) {
      // It may have been stopped meanwhile, or be served anew.
      if (this.#pods.get(held.pod.uid) === held) {
        await this.#serveAgain(handle, held);
      }
    }
  }

  /** @throws {WorkerError} when the worker is gone. */
  async #serveAgain(
    handle: WorkerHandle,
    { pod, netns }: { pod: PodInfo; netns: Fd | undefined },
  ): Promise<void> {
    try {
      await handle.serve({ kind: "serve", pod, netns });
    } catch (reason) {
      if (handle.dead) throw reason;
      // The others serve it; the rest of the pods must not wait for this one.
      this.#options.log.error("cannot serve a pod with a new worker", {
        uid: pod.uid,
        error: messageOf(reason),
      });
    }
  }

  #onDeath(slot: Slot, why: string): void {
    const lived = slot.current ? performance.now() - slot.sinceMs : 0;
    slot.current = false;
    slot.deaths = lived > RESPAWN_MAX_MS ? 1 : slot.deaths + 1;
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
    slot.retry = setTimeout(() => {
      if (this.#ending) return;
      this.#spawn(slot).catch((reason: unknown) =>
        this.#onDeath(slot, messageOf(reason))
      );
    }, waitMs);
  }
}

const PRODUCT_ENTRY = new URL("./entry.ts", import.meta.url);
