/** Gives memory back that a burst has left behind, once the thread is quiet again. */
import { type HeapState, readHeap, releaseMemory } from "../sys/memory.ts";
import { dropProgramPages } from "../sys/program_pages.ts";

const LOOK_INTERVAL_MS = 1_000;

/**
 * A thread at rest: what is in use changes by less between two looks, either
 * way. Its own timers take 20 to 60 KiB.
 */
const QUIET_OCTETS = 128 * 1024;

/**
 * And it allocates less: otherwise a collection on its own has made up for what
 * came. The looks themselves are counted as up to 2 MiB.
 */
const QUIET_ALLOCATED_OCTETS = 4 * 1024 * 1024;

/** What the heap has to hold above what it held at rest, to be worth a collection. */
const WORTH_OCTETS = 4 * 1024 * 1024;

/**
 * Past this much in use, a collection could stop connections for longer than a
 * tenth of a second: that is left to the runtime, which does it bit by bit.
 */
const WORKER_USED_MAX = 64 * 1024 * 1024;

/** Tells when a heap is to be collected: after work, not during it. */
export class QuietHeap {
  readonly #usedMax: number;
  #before: HeapState | undefined;
  #rest = 0;

  /** @param usedMax Octets in use above which it never is. */
  constructor(usedMax: number) {
    this.#usedMax = usedMax;
  }

  /** To be asked at even intervals. */
  isDue(now: HeapState): boolean {
    const before = this.#before;
    this.#before = now;
    return before !== undefined && isQuiet(before, now) &&
      now.used < this.#usedMax && now.held > this.#rest + WORTH_OCTETS;
  }

  /** @param now What is left after a collection. */
  collected(now: HeapState): void {
    this.#before = now;
    this.#rest = now.held;
  }
}

const isQuiet = (before: HeapState, now: HeapState): boolean =>
  Math.abs(now.used - before.used) < QUIET_OCTETS &&
  now.allocated - before.allocated < QUIET_ALLOCATED_OCTETS;

/** Looks after the heap of the calling thread, a data worker's, until disposed of. */
export const keepWorkerMemory = (): Disposable =>
  keepMemory(WORKER_USED_MAX, releaseMemory);

/** The same on the control thread, where no connection waits; and after what the process needs of its program. */
export const keepControlMemory = (): Disposable =>
  keepMemory(Infinity, () => {
    releaseMemory();
    dropProgramPages();
  });

function keepMemory(usedMax: number, release: () => void): Disposable {
  const heap = new QuietHeap(usedMax);
  const timer = setInterval(() => {
    if (!heap.isDue(readHeap())) return;
    release();
    heap.collected(readHeap());
  }, LOOK_INTERVAL_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
