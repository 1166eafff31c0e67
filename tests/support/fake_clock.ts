import type { CancelTimer, Clock } from "../../src/base/clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/** A clock that stands still until told to {@link advance}. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, fire: () => void): CancelTimer {
    const timer = { dueMs: this.#nowMs + delayMs, fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** When the next timer fires; undefined when none is set. */
  get nextMs(): number | undefined {
    const dues = [...this.#timers].map((timer) => timer.dueMs);
    return dues.length === 0 ? undefined : Math.min(...dues);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on, firing what falls due on the way, in order, each at its time. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const due = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined || due.dueMs > untilMs) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.dueMs);
      due.fire();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Lets everything run that only waits for promises already settled. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
