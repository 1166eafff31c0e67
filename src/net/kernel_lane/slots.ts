import { PAIRS_MAX, SLOT_REST_MS } from "./limits.ts";
import { SLOT } from "./verdict_program.ts";

const NUMBERS = SLOT.size / 8;

/** What user space and the program share of one joined socket. */
export class Slot {
  readonly #numbers: BigUint64Array;

  /** @param octets Of all slots. */
  constructor(octets: ArrayBuffer, readonly index: number) {
    this.#numbers = new BigUint64Array(octets, index * SLOT.size, NUMBERS);
  }

  /** Octets that the kernel moved to the partner. */
  get moved(): number {
    return Number(this.#numbers[SLOT.moved / 8]);
  }

  /** Octets that were left to user space, and not read by it. */
  get unread(): number {
    const numbers = this.#numbers;
    return Number(numbers[SLOT.left / 8]! - numbers[SLOT.read / 8]!);
  }

  /** Counts octets that user space read and passed on. */
  addRead(octets: number): void {
    this.#numbers[SLOT.read / 8]! += BigInt(octets);
  }

  /** Rings after so many octets more, and leaves them to user space after `late` more. */
  setAlarm(octets: number, late: number): void {
    const moved = this.#numbers[SLOT.moved / 8]!;
    // The limit first: the program must not meet a new alarm and an old limit.
    this.#numbers[SLOT.limit / 8] = moved + BigInt(octets + late);
    this.#numbers[SLOT.alarm / 8] = moved + BigInt(octets);
  }

  /** Has everything left to user space, from the next octets on. */
  leaveAll(): void {
    this.#numbers[SLOT.limit / 8] = 0n;
  }

  clear(): void {
    this.#numbers.fill(0n);
  }
}

/** Which pairs of slots are free. The longest free is taken first. */
export class FreePairs {
  readonly #free: { readonly pair: number; readonly sinceMs: number }[];
  readonly #nowMs: () => number;
  #next = 0;

  constructor(nowMs: () => number, count = PAIRS_MAX) {
    this.#nowMs = nowMs;
    this.#free = Array.from(
      { length: count },
      (_, pair) => ({ pair, sinceMs: -Infinity }),
    );
  }

  /** @returns undefined when all are taken, or have not rested for long enough. */
  take(): number | undefined {
    const first = this.#free[this.#next];
    if (first === undefined) return undefined;
    if (this.#nowMs() - first.sinceMs < SLOT_REST_MS) return undefined;
    this.#next++;
    this.#trim();
    return first.pair;
  }

  give(pair: number): void {
    this.#free.push({ pair, sinceMs: this.#nowMs() });
  }

  /** Takes what was taken out of the list, now and then. */
  #trim(): void {
    if (this.#next < 1024) return;
    this.#free.splice(0, this.#next);
    this.#next = 0;
  }
}
