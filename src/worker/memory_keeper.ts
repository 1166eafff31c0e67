/** Gives memory back that a burst has left behind, once the thread is quiet again. */
import {
  collectGarbage,
  type HeapState,
  processCpuMs,
  readHeap,
  returnFreePages,
  threadCpuMs,
} from "../sys/memory.ts";
import { dropProgramPages } from "../sys/program_pages.ts";

const LOOK_INTERVAL_MS = 1_000;

/**
 * At rest the thread uses less of a processor between two looks, in
 * milliseconds. Its own timers take 1 to 3; a connection that says something
 * every 10 ms makes that more than 20.
 */
const QUIET_CPU_MS = 8;

/**
 * And what is in use by the thread changes by less, either way: its own timers
 * take 20 to 60 KiB.
 */
const QUIET_OCTETS = 128 * 1024;

/** {@link QUIET_CPU_MS} of all threads of the process together. */
const QUIET_PROCESS_CPU_MS = 40;

/** Looks that find it so, one after the other: a pause between two loads is shorter. */
const QUIET_LOOKS = 2;

/** What the heap has to hold above what it held at rest, to be worth a collection. */
const WORTH_OCTETS = 4 * 1024 * 1024;

/**
 * Past this much in use, a collection could stop connections for longer than a
 * tenth of a second: that is left to the runtime, which does it bit by bit.
 */
const WORKER_USED_MAX = 64 * 1024 * 1024;

/** Counts looks that find it quiet, one after the other. */
class QuietLooks {
  #count = 0;

  /** @returns whether there were enough of them. */
  add(quiet: boolean): boolean {
    this.#count = quiet ? this.#count + 1 : 0;
    return this.#count >= QUIET_LOOKS;
  }
}

/** What a look finds. */
export interface Look extends HeapState {
  /** Of the thread, so far. */
  readonly cpuMs: number;
}

/** Tells when a heap is to be collected: after work, not during it. */
export class QuietHeap {
  readonly #usedMax: number;
  #before: Look | undefined;
  #quietLooks = new QuietLooks();
  #rest = 0;

  /** @param usedMax Octets in use above which it never is. */
  constructor(usedMax: number) {
    this.#usedMax = usedMax;
  }

  /** To be asked at even intervals. */
  isDue(now: Look): boolean {
    const before = this.#before;
    this.#before = now;
    const quiet = before !== undefined && isQuiet(before, now);
    return this.#quietLooks.add(quiet) && now.used < this.#usedMax &&
      now.held > this.#rest + WORTH_OCTETS;
  }

  /** @param held What is left after a collection. */
  collected({ held }: HeapState): void {
    this.#rest = held;
    this.#quietLooks = new QuietLooks();
  }
}

const isQuiet = (before: Look, now: Look): boolean =>
  now.cpuMs - before.cpuMs < QUIET_CPU_MS &&
  Math.abs(now.used - before.used) < QUIET_OCTETS;

/** Tells when nothing runs in the whole process but its own timers. */
export class QuietProcess {
  readonly #quietLooks = new QuietLooks();
  #beforeMs: number | undefined;

  /**
   * To be asked at even intervals.
   *
   * @param cpuMs Of all threads, so far.
   */
  isQuiet(cpuMs: number): boolean {
    const before = this.#beforeMs;
    this.#beforeMs = cpuMs;
    return this.#quietLooks.add(
      before !== undefined && cpuMs - before < QUIET_PROCESS_CPU_MS,
    );
  }
}

/** Looks after the heap of the calling thread, a data worker's, until disposed of. */
export const keepWorkerMemory = (): Disposable =>
  keepMemory({ usedMax: WORKER_USED_MAX, alone: true });

/** The same on the control thread, where no connection waits. */
export const keepControlMemory = (): Disposable =>
  keepMemory({ usedMax: Infinity, alone: false });

/**
 * @param options.alone Whether a heap is collected only while all threads rest:
 *   the collector's helpers take the processors that the others would have.
 */
function keepMemory(
  { usedMax, alone }: { usedMax: number; alone: boolean },
): Disposable {
  const heap = new QuietHeap(usedMax);
  const all = new QuietProcess();
  let hasWorked = false;
  const timer = setInterval(() => {
    const isQuiet = all.isQuiet(processCpuMs());
    const isDue = heap.isDue({ ...readHeap(), cpuMs: threadCpuMs() });
    if (isDue && (isQuiet || !alone)) {
      collectGarbage();
      returnFreePages();
      heap.collected(readHeap());
      hasWorked = true;
    }
    if (!hasWorked || !isQuiet) return;
    // Work brings back what it needs of the program, and more.
    dropProgramPages();
    hasWorked = false;
  }, LOOK_INTERVAL_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
