/** Figures about the process and its threads, and ztunnel's build and pod figures. */
import type { Cell, Registry } from "./metrics.ts";

/** How the process looks at itself; both throw when the file cannot be read. */
export interface ProcReader {
  /** Descriptors that the process has open. */
  countOpenFds(): number;
  readText(path: string): string;
}

/**
 * Registers `istio_build`.
 *
 * @param tag Istio's version, `unknown` when nobody told.
 */
export function registerBuild(
  registry: Registry,
  { component, tag }: { component: string; tag: string },
): void {
  const build = registry.gauge({
    name: "istio_build",
    help: "Istio component build info",
  });
  build.with({ component, tag }).value = 1;
}

/** Registers file descriptor figures, read anew for every snapshot. */
export function registerProcess(registry: Registry, proc: ProcReader): void {
  const openFds = registry.gauge({
    name: "process_open_fds",
    help: "Number of open file descriptors (unstable)",
  });
  const maxFds = registry.gauge({
    name: "process_max_fds",
    help: "Most file descriptors that can be open (unstable)",
  });
  registry.onSnapshot(() => {
    const open = readOrUndefined(() => proc.countOpenFds());
    if (open !== undefined) openFds.with().value = open;
    const max = readOrUndefined(() => proc.readText("/proc/self/limits"));
    const limit = max === undefined ? undefined : parseOpenFilesLimit(max);
    if (limit !== undefined) maxFds.with().value = limit;
  });
}

// A machine without /proc has no such figures: the metrics stay out.
function readOrUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * The soft limit of open files.
 *
 * @param limits Text of `/proc/<pid>/limits`.
 * @returns undefined when it names none, Infinity for `unlimited`.
 */
export function parseOpenFilesLimit(limits: string): number | undefined {
  const match = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits);
  if (match === null) return undefined;
  return match[1] === "unlimited" ? Infinity : Number(match[1]);
}

/** Pods served by this process; ztunnel's names. */
export class PodMetrics {
  /** Pods whose listeners are open. */
  readonly active: Cell;
  /** Pods that were announced and could not be served yet. */
  readonly pending: Cell;
  readonly started: Cell;
  readonly stopped: Cell;

  constructor(registry: Registry) {
    this.active = registry.gauge({
      name: "workload_manager_active_proxy_count",
      help: "The number of pods being served (unstable)",
    }).with();
    this.pending = registry.gauge({
      name: "workload_manager_pending_proxy_count",
      help: "The number of pods waiting to be served (unstable)",
    }).with();
    this.started = registry.counter({
      name: "workload_manager_proxies_started",
      help: "The number of pods that began to be served (unstable)",
    }).with();
    this.stopped = registry.counter({
      name: "workload_manager_proxies_stopped",
      help: "The number of pods that ceased to be served (unstable)",
    }).with();
  }
}

/** Upper bounds of how late an event loop may be, in seconds. */
const DELAY_BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** One thread's event loop; every thread has an instance over its own registry. */
export class WorkerMetrics {
  /** Open connections that this thread relays. */
  readonly connections: Cell;
  readonly #observeDelay: (seconds: number) => void;
  readonly #heap: Cell;

  /** @param worker Name of the thread, such as `worker-0` or `control`. */
  constructor(registry: Registry, worker: string) {
    registry.gauge({
      name: "hairpin_worker_threads",
      help: "The number of threads, by name",
    }).with({ worker }).value = 1;
    this.connections = registry.gauge({
      name: "hairpin_worker_connections",
      help: "The number of open connections that a thread relays",
    }).with({ worker });
    const delay = registry.histogram({
      name: "hairpin_worker_event_loop_delay_seconds",
      help: "How much later than asked for a timer of the thread ran",
      unit: "seconds",
    }, DELAY_BOUNDS).with({ worker });
    this.#observeDelay = (seconds) => delay.observe(Math.max(0, seconds));
    this.#heap = registry.gauge({
      name: "hairpin_worker_heap_bytes",
      help: "The size of the JavaScript heap in use by a thread",
      unit: "bytes",
    }).with({ worker });
  }

  /** Records one timer that was due `seconds` before it ran, and the heap at that moment. */
  observe(seconds: number, heapBytes: number): void {
    this.#observeDelay(seconds);
    this.#heap.value = heapBytes;
  }
}
