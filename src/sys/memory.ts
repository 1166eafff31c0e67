/** A thread's memory: what it holds, and how it gives back what it no longer needs. */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { libc } from "./libc.ts";

/** The JavaScript heap of the calling thread, in octets. */
export interface HeapState {
  /** What the kernel has given for it. */
  readonly held: number;
  /** What objects take up, those that nobody needs any more included. */
  readonly used: number;
}

export function readHeap(): HeapState {
  const figures = getHeapStatistics();
  return { held: figures.total_physical_size, used: figures.used_heap_size };
}

const CLOCK_PROCESS_CPUTIME_ID = 2;
const CLOCK_THREAD_CPUTIME_ID = 3;

/** Processor time that the calling thread used so far, in milliseconds. */
export const threadCpuMs = (): number => readClockMs(CLOCK_THREAD_CPUTIME_ID);

/** The same of all threads of the process together. */
export const processCpuMs = (): number => readClockMs(CLOCK_PROCESS_CPUTIME_ID);

/** A `struct timespec`, for one call at a time. */
const time = new BigInt64Array(2);
const timeOctets = new Uint8Array(time.buffer);

function readClockMs(clock: number): number {
  libc.clock_gettime(clock, timeOctets);
  const [seconds = 0n, nanoseconds = 0n] = time;
  return Number(seconds) * 1_000 + Number(nanoseconds) / 1e6;
}

/**
 * Collects the calling thread's garbage, and shrinks its heap to what lives. The
 * thread stands still meanwhile: some 2 ms for each MiB that lives.
 */
export function collectGarbage(): void {
  collector ??= findCollector();
  collector();
}

/** Has the C library return the free pages of all threads. */
export function returnFreePages(): void {
  libc.malloc_trim(0n);
}

let collector: (() => void) | undefined;

function findCollector(): () => void {
  // Contexts that are made under this flag can reach the collector; the thread's
  // own was made before.
  setFlagsFromString("--expose-gc");
  const found: unknown = runInNewContext("globalThis.gc");
  return typeof found === "function" ? () => found() : () => {};
}
