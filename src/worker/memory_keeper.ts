/** Gives memory back that a burst has left behind, once the thread is quiet again. */
import { type HeapState, readHeap, releaseMemory } from "../sys/memory.ts";

const LOOK_INTERVAL_MS = 1_000;

/** A thread that allocates less between two looks is at rest; its own timers take a tenth. */
const QUIET_OCTETS = 512 * 1024;

/** What the heap has to hold above what it held at rest, to be worth a collection. */
const WORTH_OCTETS = 2 * 1024 * 1024;

/**
 * Past this much in use, a collection could stop connections for longer than a
 * tenth of a second: that is left to the runtime, which does it bit by bit.
 */
const WORKER_USED_MAX = 64 * 1024 * 1024;

/** Tells when a heap is to be collected: after work, not during it. */
export class QuietHeap {
  readonly #usedMax: number;
  #allocated = 0;
  #rest = 0;

  /** @param usedMax Octets in use above which it never is. */
  constructor(usedMax: number) {
    this.#usedMax = usedMax;
  }

  /** To be asked at even intervals. */
  isDue({ held, used, allocated }: HeapState): boolean {
    const since = allocated - this.#allocated;
    this.#allocated = allocated;
    return since < QUIET_OCTETS && used < this.#usedMax &&
      held > this.#rest + WORTH_OCTETS;
  }

  /** @param held What is left after a collection. */
  collected({ held, allocated }: HeapState): void {
    this.#rest = held;
    this.#allocated = allocated;
  }
}

/** Looks after the heap of the calling thread, a data worker's, until disposed of. */
export const keepWorkerMemory = (): Disposable => keepMemory(WORKER_USED_MAX);

/** The same on the control thread, where no connection waits. */
export const keepControlMemory = (): Disposable => keepMemory(Infinity);

function keepMemory(usedMax: number): Disposable {
  const heap = new QuietHeap(usedMax);
  const timer = setInterval(() => {
    if (!heap.isDue(readHeap())) return;
    releaseMemory();
    heap.collected(readHeap());
  }, LOOK_INTERVAL_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
