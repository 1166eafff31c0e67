/** A wait that may take too long. */
export interface Deadline {
  /** It did not: nothing is told. */
  met(): void;
}

/**
 * Waits that are all of one length. They end in the order in which they began,
 * so one timer, which looks at the oldest, serves them all: to make and to
 * clear one for each would cost more than all else that a wait does.
 */
export class Deadlines {
  readonly #lengthMs: number;
  readonly #open = new Set<Wait>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** @param onLate Called once the time is over. */
  start(onLate: () => void): Deadline {
    const dueMs = performance.now() + this.#lengthMs;
    const wait = new Wait(this.#open, dueMs, onLate);
    this.#open.add(wait);
    this.#timer ??= this.#arm(this.#lengthMs);
    return wait;
  }

  /** It holds no process: who waits is held by what is waited for. */
  #arm(ms: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => this.#look(), ms);
    Deno.unrefTimer(Number(timer));
    return timer;
  }

  #look(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const wait of this.#open) {
      if (wait.dueMs > nowMs) {
        this.#timer = this.#arm(wait.dueMs - nowMs);
        return;
      }
      wait.met();
      wait.onLate();
    }
  }
}

class Wait implements Deadline {
  readonly #open: Set<Wait>;

  constructor(
    open: Set<Wait>,
    readonly dueMs: number,
    readonly onLate: () => void,
  ) {
    this.#open = open;
  }

  met(): void {
    this.#open.delete(this);
  }
}
