import { LOAD_WINDOW_MS, THREAD_BUSY_SHARE } from "./limits.ts";

/** The clocks of a thread, in milliseconds. */
export interface ThreadClocks {
  /** Processor time that it used. */
  cpuMs(): number;
  /** Time that went by. */
  nowMs(): number;
}

/** Whether a thread has its hands full, as of the last time that was asked. */
export class ThreadLoad {
  readonly #clocks: ThreadClocks;
  #cpuMs: number;
  #sinceMs: number;
  #busy = false;

  constructor(clocks: ThreadClocks) {
    this.#clocks = clocks;
    this.#cpuMs = clocks.cpuMs();
    this.#sinceMs = clocks.nowMs();
  }

  /** Since it was asked before, or a window before that when that is too short to tell. */
  isBusy(): boolean {
    const nowMs = this.#clocks.nowMs();
    const wallMs = nowMs - this.#sinceMs;
    if (wallMs < LOAD_WINDOW_MS) return this.#busy;
    const cpuMs = this.#clocks.cpuMs();
    this.#busy = (cpuMs - this.#cpuMs) / wallMs > THREAD_BUSY_SHARE;
    this.#cpuMs = cpuMs;
    this.#sinceMs = nowMs;
    return this.#busy;
  }
}
