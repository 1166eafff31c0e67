/** Figures about the process and its threads, and ztunnel's build and pod figures. */
import type { Cell, Gauge, Registry } from "./metrics.ts";

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

/**
 * Registers file descriptor, processor and memory figures, read anew for every
 * snapshot; under the names of Prometheus' own client libraries.
 */
export function registerProcess(registry: Registry, proc: ProcReader): void {
  const openFds = registry.gauge({
    name: "process_open_fds",
    help: "Number of open file descriptors (unstable)",
  });
  const maxFds = registry.gauge({
    name: "process_max_fds",
    help: "Most file descriptors that can be open (unstable)",
  });
  const readUsage = registerUsage(registry, proc);
  registry.onSnapshot(() => {
    readUsage();
    const open = readOrUndefined(() => proc.countOpenFds());
    if (open !== undefined) openFds.with().value = open;
    const max = readOrUndefined(() => proc.readText("/proc/self/limits"));
    const limit = max === undefined ? undefined : parseOpenFilesLimit(max);
    if (limit !== undefined) maxFds.with().value = limit;
  });
}

function registerUsage(registry: Registry, proc: ProcReader): () => void {
  const cpu = registry.counter({
    name: "process_cpu_seconds",
    help: "User and system processor time of all threads (unstable)",
    unit: "seconds",
  });
  const memory = [
    ["VmRSS", memoryGauge(registry, "resident", "Resident")],
    ["VmSize", memoryGauge(registry, "virtual", "Virtual")],
  ] as const;
  return () => {
    const stat = readOrUndefined(() => proc.readText("/proc/self/stat"));
    const seconds = parseCpuSeconds(stat ?? "");
    if (seconds !== undefined) cpu.with().value = seconds;
    const status = readOrUndefined(() => proc.readText("/proc/self/status"));
    for (const [field, gauge] of memory) {
      const bytes = parseMemoryBytes(status ?? "", field);
      if (bytes !== undefined) gauge.with().value = bytes;
    }
  };
}

const memoryGauge = (registry: Registry, name: string, title: string): Gauge =>
  registry.gauge({
    name: `process_${name}_memory_bytes`,
    help: `${title} memory size (unstable)`,
    unit: "bytes",
  });

/** `USER_HZ`: the same on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Processor time so far.
 *
 * @param stat Text of `/proc/<pid>/stat`; see proc_pid_stat(5).
 * @returns undefined when it is something else.
 */
export function parseCpuSeconds(stat: string): number | undefined {
  // The name in parentheses may hold anything; what follows is numbers.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  const ticks = user + system;
  return Number.isFinite(ticks) ? ticks / TICKS_PER_SECOND : undefined;
}

/**
 * @param status Text of `/proc/<pid>/status`, which counts in units of 1,024.
 * @returns undefined when it has no such field.
 */
export function parseMemoryBytes(
  status: string,
  field: "VmRSS" | "VmSize",
): number | undefined {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status);
  return found === null ? undefined : Number(found[1]) * 1024;
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
