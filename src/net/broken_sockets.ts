import { BrokenWatch } from "../sys/epoll.ts";
import type { Fd } from "../sys/libc.ts";
import { isBroken } from "../sys/sockets.ts";
import { BROKEN_WATCH_MS } from "./limits.ts";

/**
 * Tells of sockets that have broken while nobody reads them. One pool thread
 * serves all sockets of a worker, and only while there are some.
 */
class BrokenSockets {
  readonly #watched = new Map<Fd, () => void>();
  #watch: BrokenWatch | undefined;
  #running = false;

  /**
   * Calls `onBroken` once `fd` is reset by its peer, or over in both directions.
   *
   * @throws {SyscallError} when it cannot be watched.
   */
  add(fd: Fd, onBroken: () => void): void {
    this.#watch ??= new BrokenWatch();
    this.#watch.add(fd);
    this.#watched.set(fd, onBroken);
    if (!this.#running) void this.#run(this.#watch);
  }

  /** Must come before the descriptor is closed. */
  remove(fd: Fd): void {
    if (this.#watched.delete(fd)) this.#watch?.remove(fd);
  }

  async #run(watch: BrokenWatch): Promise<void> {
    this.#running = true;
    while (this.#watched.size > 0) {
      for (const fd of await watch.wait(BROKEN_WATCH_MS)) {
        const onBroken = this.#watched.get(fd);
        // The number may belong to a newer socket than the report is about.
        if (onBroken === undefined || !isBroken(fd)) continue;
        this.remove(fd);
        onBroken();
      }
    }
    this.#running = false;
  }
}

/** This thread's. */
export const brokenSockets = new BrokenSockets();
