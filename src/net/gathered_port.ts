import type { Fd } from "../sys/libc.ts";
import { gatherConnections, spreadConnections } from "../sys/reuse_port.ts";
import { threadWantedMs } from "../sys/thread.ts";
import { ThreadLoad } from "./thread_load.ts";

/** Whether a thread has its hands full. */
export type Load = Pick<ThreadLoad, "isBusy">;

/**
 * A listening socket that shares its port with those of other threads, one of
 * which takes all connections until it is busy: threads that wake in turn for
 * a few connections each cost twice what one does, and write half as much at
 * once.
 */
export class GatheredPort {
  readonly #fd: Fd;
  readonly #load: Load;
  /** Whether it was this one that gave up gathering, and takes it up again. */
  #spreads = false;

  constructor(fd: Fd, load: Load) {
    this.#fd = fd;
    this.#load = load;
    gatherConnections(fd);
  }

  /**
   * A connection came: who is busy by now has the others take some too. Only
   * who gathered before does so again, or one that has little to do would turn
   * all that comes to one that has not.
   */
  onAccepted(): void {
    const busy = this.#load.isBusy();
    if (busy === this.#spreads) return;
    if (busy) this.#spreads = spreadConnections(this.#fd);
    else {
      this.#spreads = false;
      gatherConnections(this.#fd);
    }
  }
}

/** Of the calling thread. */
export const ownLoad: Load = new ThreadLoad({
  wantedMs: threadWantedMs,
  nowMs: () => performance.now(),
});
