import type { CancelTimer, Clock } from "../../base/clock.ts";

/** A signal that fires with another one, or when the time is up. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #onAbort = () => this.#controller.abort(this.#outer.reason);
  #cancel: CancelTimer = () => {};
  #expired = false;

  constructor(outer: AbortSignal, clock: Clock) {
    this.#outer = outer;
    this.#clock = clock;
    if (outer.aborted) this.#onAbort();
    else outer.addEventListener("abort", this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was the time, and not the other signal. */
  get expired(): boolean {
    return this.#expired;
  }

  /** From now on, in place of what was set before. */
  set(delayMs: number): void {
    this.#cancel();
    this.#cancel = this.#clock.setTimer(delayMs, () => {
      this.#expired = true;
      this.#controller.abort();
    });
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#outer.removeEventListener("abort", this.#onAbort);
  }
}
