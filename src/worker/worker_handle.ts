import { HairpinError, messageOf } from "../base/errors.ts";
import { EMPTY_DELTA } from "../model/delta.ts";
import type { PackedDelta } from "../model/packed_workload.ts";
import { slicesOf } from "../model/slices.ts";
import { DescriptorLedger, newLedgerMemory } from "../sys/descriptor_ledger.ts";
import { type ListeningSocket, stopListening } from "../sys/listening.ts";
import { MESH_SLICE_MAX, WORKER_LIMITS, type WorkerLimits } from "./limits.ts";
import { lostWorkers } from "./lost_workers.ts";
import type {
  FromWorker,
  ToWorker,
  WorkerSettings,
  WorkerSnapshot,
} from "./messages.ts";

/** A worker that did not do as it was told. */
export class WorkerError extends HairpinError {
  readonly code = "BIND";
}

export interface WorkerEvents {
  /** Everything that is not the answer to an order. */
  onMessage(message: Wish): void;
  /** It crashed or hangs. Called once; the handle is of no use afterwards. */
  onDeath(why: string): void;
}

/** What a worker asks for by itself. */
export type Wish = Extract<
  FromWorker,
  { kind: "want-certificate" | "want-address" }
>;

const NONE: PackedDelta = { ...EMPTY_DELTA, workloads: [] };

type Answer = Exclude<FromWorker, Wish | { kind: "pong" }>;

/** One data worker as the control thread sees it: orders in, answers out. */
export class WorkerHandle {
  readonly #worker: Worker;
  readonly #events: WorkerEvents;
  readonly #limits: WorkerLimits;
  /** Whoever waits for an answer, by what it answers; the first one is next. */
  readonly #waiting = new Map<string, PromiseWithResolvers<Answer>[]>();
  /** By pod. */
  readonly #listening = new Map<string, readonly ListeningSocket[]>();
  /** The connections that it has open: it cannot end them any more when it is dead. */
  readonly #descriptors = newLedgerMemory();
  /** Changes of the mesh leave one after the other. */
  #meshTaken: Promise<void> = Promise.resolve();
  #snapshots = 0;
  #lastPongMs = performance.now();
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #dead = false;

  constructor(
    entry: URL,
    name: string,
    events: WorkerEvents,
    limits = WORKER_LIMITS,
  ) {
    this.#events = events;
    this.#limits = limits;
    this.#worker = new Worker(entry, { type: "module", name });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) =>
      this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#die(event.message);
    };
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Loads the thread; it takes orders afterwards. */
  async start(settings: WorkerSettings): Promise<void> {
    const loaded = this.#answer("loaded", this.#limits.loadMs);
    const descriptors = this.#descriptors;
    this.post({ kind: "start", settings, descriptors });
    await loaded;
    this.#lastPongMs = performance.now();
    this.#heartbeat = setInterval(
      () => this.#beat(),
      this.#limits.pingIntervalMs,
    );
  }

  /** Sends an order that needs no answer. */
  post(message: ToWorker): void {
    if (!this.#dead) this.#worker.postMessage(message);
  }

  /**
   * Tells of a change of the mesh in slices, and of none before the one in front
   * is taken: a thread hears all messages that wait for it before it hears its
   * connections.
   */
  applyMesh(delta: PackedDelta): void {
    this.#meshTaken = this.#meshTaken.then(() => this.#sendMesh(delta));
  }

  /** Settles when every change so far is in force there, or the worker is gone. */
  get meshTaken(): Promise<void> {
    return this.#meshTaken;
  }

  /** The same for every order so far, whatever it is about. */
  ordersTaken(): Promise<void> {
    // It carries orders out one after the other, and tells of those of the mesh.
    return this.#meshTaken = this.#meshTaken.then(() => this.#tellMesh(NONE));
  }

  async #sendMesh(delta: PackedDelta): Promise<void> {
    for (const slice of slicesOf(delta, MESH_SLICE_MAX)) {
      await this.#tellMesh(slice);
    }
  }

  async #tellMesh(delta: PackedDelta): Promise<void> {
    if (this.#dead) return;
    const taken = this.#answer("mesh");
    this.post({ kind: "mesh", delta });
    // One that is late is heard of by its heartbeat.
    await taken.catch(() => {});
  }

  /** @throws {WorkerError} when the pod's listeners cannot be opened. */
  async serve(order: Extract<ToWorker, { kind: "serve" }>): Promise<void> {
    const { uid } = order.pod;
    const answer = this.#answer(`serve ${uid}`);
    this.post(order);
    const reply = await answer;
    if (reply.kind === "serve-failed") throw new WorkerError(reply.why);
  }

  /**
   * Ends a pod. A worker that does not is given up: what is left of the pod in
   * it would be dialled from a namespace that may be another's by then.
   */
  async stop(uid: string): Promise<void> {
    const answer = this.#answer(`stop ${uid}`);
    this.post({ kind: "stop", uid });
    try {
      await answer;
    } catch (reason) {
      this.#die(messageOf(reason));
      throw reason;
    }
  }

  async drain(graceMs: number): Promise<void> {
    const answer = this.#answer("drain", graceMs + this.#limits.answerMs);
    this.post({ kind: "drain", graceMs });
    await answer;
  }

  async snapshot(): Promise<WorkerSnapshot | undefined> {
    const id = ++this.#snapshots;
    const answer = this.#answer(`snapshot ${id}`);
    this.post({ kind: "snapshot", id });
    const reply = await answer;
    return reply.kind === "snapshot" ? reply.snapshot : undefined;
  }

  /** Ends the thread, with everything that it has open. */
  terminate(): void {
    this.#die("terminated", false);
  }

  #answer(key: string, timeoutMs = this.#limits.answerMs): Promise<Answer> {
    const waiter = Promise.withResolvers<Answer>();
    if (this.#dead) waiter.reject(new WorkerError("the worker is gone"));
    // It stays when it has given up: the answer that comes late is its own.
    this.#waiting.set(key, [...this.#waiting.get(key) ?? [], waiter]);
    const timer = setTimeout(
      () => waiter.reject(new WorkerError(`no answer to "${key}" in time`)),
      timeoutMs,
    );
    return waiter.promise.finally(() => clearTimeout(timer));
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case "pong":
        this.#lastPongMs = performance.now();
        return;
      case "want-certificate":
      case "want-address":
        return this.#events.onMessage(message);
      default:
        this.#note(message);
        this.#settle(message);
    }
  }

  #settle(message: Answer): void {
    const key = keyOf(message);
    const [first, ...others] = this.#waiting.get(key) ?? [];
    if (others.length === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, others);
    first?.resolve(message);
  }

  #note(message: Answer): void {
    if (message.kind === "serving") {
      this.#listening.set(message.uid, message.listening);
    } else if (message.kind === "stopped") {
      this.#listening.delete(message.uid);
    }
  }

  #beat(): void {
    lostWorkers.sweep();
    const { pingTimeoutMs } = this.#limits;
    if (performance.now() - this.#lastPongMs > pingTimeoutMs) {
      this.#die(`no sign of life for ${pingTimeoutMs} ms`);
    } else this.post({ kind: "ping", id: 0 });
  }

  #die(why: string, unexpected = true): void {
    if (this.#dead) return;
    this.#dead = true;
    clearInterval(this.#heartbeat);
    this.#worker.terminate();
    // The runtime cannot end a thread that does not come back to it, and the
    // kernel would go on to hand it connections.
    for (const socket of [...this.#listening.values()].flat()) {
      stopListening(socket);
    }
    // Nor would its peers ever hear that nobody serves them any more.
    new DescriptorLedger(this.#descriptors).endAll();
    lostWorkers.add(this.#descriptors);
    for (const waiter of [...this.#waiting.values()].flat()) {
      waiter.reject(new WorkerError(`the worker is gone: ${why}`));
    }
    if (unexpected) this.#events.onDeath(why);
  }
}

function keyOf(message: Answer): string {
  switch (message.kind) {
    case "serving":
    case "serve-failed":
      return `serve ${message.uid}`;
    case "stopped":
      return `stop ${message.uid}`;
    case "drained":
      return "drain";
    case "snapshot":
      return `snapshot ${message.id}`;
    case "loaded":
      return "loaded";
    case "mesh-taken":
      return "mesh";
    default:
      throw new Error(`unhandled: ${message satisfies never}`);
  }
}
