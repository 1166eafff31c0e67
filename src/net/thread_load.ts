import { LOAD_WINDOW_MS, THREAD_BUSY_SHARE } from "./limits.ts";

/** The clocks of a thread, in milliseconds. */
export interface ThreadClocks {
  /** Time in which it had something to do. */
  wantedMs(): number;
  /** Time that went by. */
  nowMs(): number;
}

/** Whether a thread has its hands full, as of the last time that was asked. */
export class ThreadLoad {
  readonly #clocks: ThreadClocks;
  #wantedMs: number;
  #sinceMs: number;
  #busy = false;

  constructor(clocks: ThreadClocks) {
    this.#clocks = clocks;
    this.#wantedMs = clocks.wantedMs();
    this.#sinceMs = clocks.nowMs();
  }

  /** Since it was asked before, or a window before that when that is too short to tell. */
  isBusy(): boolean {
    const nowMs = this.#clocks.nowMs();
    const wallMs = nowMs - this.#sinceMs;
    if (wallMs < LOAD_WINDOW_MS) return this.#busy;
    const wantedMs = this.#clocks.wantedMs();
    this.#busy = (wantedMs - this.#wantedMs) / wallMs > THREAD_BUSY_SHARE;
    this.#wantedMs = wantedMs;
    this.#sinceMs = nowMs;
    return this.#busy;
  }
}
