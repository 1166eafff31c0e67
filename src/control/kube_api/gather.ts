import type { CancelTimer, Clock } from "../../base/clock.ts";
import { GATHER_MS, REST_FACTOR } from "./limits.ts";

/**
 * Calls an action some time after it was asked for, once for all that asked
 * meanwhile; after one that took long it rests for longer.
 */
export class Gather implements Disposable {
  readonly #clock: Clock;
  readonly #action: () => void;
  #cancel: CancelTimer | undefined;
  #restMs = 0;
  #disposed = false;

  constructor(clock: Clock, action: () => void) {
    this.#clock = clock;
    this.#action = action;
  }

  ask(): void {
    if (this.#disposed || this.#cancel !== undefined) return;
    const delayMs = Math.max(GATHER_MS, this.#restMs);
    this.#cancel = this.#clock.setTimer(delayMs, () => this.#act());
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#cancel?.();
  }

  #act(): void {
    this.#cancel = undefined;
    const startMs = this.#clock.nowMs();
    this.#action();
    this.#restMs = (this.#clock.nowMs() - startMs) * REST_FACTOR;
  }
}
