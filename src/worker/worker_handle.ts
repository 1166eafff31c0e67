import { HairpinError } from "../base/errors.ts";
import { type ListeningSocket, stopListening } from "../sys/listening.ts";
import {
  ANSWER_TIMEOUT_MS,
  LOAD_TIMEOUT_MS,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
} from "./limits.ts";
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
  onMessage(message: Extract<FromWorker, { kind: "want-certificate" }>): void;
  /** It crashed or hangs. Called once; the handle is of no use afterwards. */
  onDeath(why: string): void;
}

type Answer = Exclude<FromWorker, { kind: "want-certificate" | "pong" }>;

/** One data worker as the control thread sees it: orders in, answers out. */
export class WorkerHandle {
  readonly #worker: Worker;
  readonly #events: WorkerEvents;
  readonly #answers = new Map<string, PromiseWithResolvers<Answer>>();
  /** By pod. */
  readonly #listening = new Map<string, readonly ListeningSocket[]>();
  #snapshots = 0;
  #lastPongMs = performance.now();
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #dead = false;

  constructor(entry: URL, name: string, events: WorkerEvents) {
    this.#events = events;
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
    const loaded = this.#answer("loaded", LOAD_TIMEOUT_MS);
    this.post({ kind: "start", settings });
    await loaded;
    this.#lastPongMs = performance.now();
    this.#heartbeat = setInterval(() => this.#beat(), PING_INTERVAL_MS);
  }

  /** Sends an order that needs no answer. */
  post(message: ToWorker): void {
    if (!this.#dead) this.#worker.postMessage(message);
  }

  /** @throws {WorkerError} when the pod's listeners cannot be opened. */
  async serve(order: Extract<ToWorker, { kind: "serve" }>): Promise<void> {
    const { uid } = order.pod;
    const answer = this.#answer(`serve ${uid}`, ANSWER_TIMEOUT_MS);
    this.post(order);
    const reply = await answer;
    if (reply.kind === "serve-failed") throw new WorkerError(reply.why);
  }

  async stop(uid: string): Promise<void> {
    const answer = this.#answer(`stop ${uid}`, ANSWER_TIMEOUT_MS);
    this.post({ kind: "stop", uid });
    await answer;
  }

  async drain(graceMs: number): Promise<void> {
    const answer = this.#answer("drain", graceMs + ANSWER_TIMEOUT_MS);
    this.post({ kind: "drain", graceMs });
    await answer;
  }

  async snapshot(): Promise<WorkerSnapshot | undefined> {
    const id = ++this.#snapshots;
    const answer = this.#answer(`snapshot ${id}`, ANSWER_TIMEOUT_MS);
    this.post({ kind: "snapshot", id });
    const reply = await answer;
    return reply.kind === "snapshot" ? reply.snapshot : undefined;
  }

  /** Ends the thread, with everything that it has open. */
  terminate(): void {
    this.#die("terminated", false);
  }

  #answer(key: string, timeoutMs: number): Promise<Answer> {
    const waiter = Promise.withResolvers<Answer>();
    if (this.#dead) waiter.reject(new WorkerError("the worker is gone"));
    this.#answers.set(key, waiter);
    const timer = setTimeout(
      () => waiter.reject(new WorkerError(`no answer to "${key}" in time`)),
      timeoutMs,
    );
    return waiter.promise.finally(() => {
      clearTimeout(timer);
      this.#answers.delete(key);
    });
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case "pong":
        this.#lastPongMs = performance.now();
        return;
      case "want-certificate":
        return this.#events.onMessage(message);
      default:
        this.#note(message);
        this.#answers.get(keyOf(message))?.resolve(message);
    }
  }

  #note(message: Answer): void {
    if (message.kind === "serving") {
      this.#listening.set(message.uid, message.listening);
    } else if (message.kind === "stopped") {
      this.#listening.delete(message.uid);
    }
  }

  #beat(): void {
    if (performance.now() - this.#lastPongMs > PING_TIMEOUT_MS) {
      this.#die(`no sign of life for ${PING_TIMEOUT_MS} ms`);
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
    for (const waiter of this.#answers.values()) {
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
    default:
      throw new Error(`unhandled: ${message satisfies never}`);
  }
}
