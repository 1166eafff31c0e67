import { WritableWatch } from "../sys/epoll.ts";
import type { Fd } from "../sys/libc.ts";
import { isWritable } from "../sys/sockets.ts";
import { WRITABLE_WATCH_MS } from "./limits.ts";

/**
 * Waits for sockets to take octets, which is also how a connection attempt
 * ends. One pool thread serves all sockets of a worker, and only while some
 * wait; one that is writable when asked for costs no thread at all.
 */
class WritableSockets {
  readonly #waiting = new Map<Fd, () => void>();
  #watch: WritableWatch | undefined;
  #running = false;

  /**
   * Calls `done` once `fd` is writable or broken, perhaps within this call. One
   * wait at a time for a descriptor.
   *
   * @throws {SyscallError} when it cannot be watched.
   */
  whenWritable(fd: Fd, done: () => void): void {
    if (isWritable(fd)) return done();
    this.#watch ??= new WritableWatch();
    this.#watch.add(fd);
    this.#waiting.set(fd, done);
    if (!this.#running) void this.#run(this.#watch);
  }

  /** Forgets a wait; must come before its descriptor is closed. */
  forget(fd: Fd): void {
    if (this.#waiting.delete(fd)) this.#watch?.remove(fd);
  }

  async #run(watch: WritableWatch): Promise<void> {
    this.#running = true;
    while (this.#waiting.size > 0) {
      for (const fd of await watch.wait(WRITABLE_WATCH_MS)) {
        const done = this.#waiting.get(fd);
        if (done === undefined) continue;
        // The number may belong to a newer socket than the report is about; if
        // not, the kernel has taken it back, and owes another report.
        if (!isWritable(fd)) {
          watch.remove(fd);
          watch.add(fd);
          continue;
        }
        this.forget(fd);
        done();
      }
    }
    this.#running = false;
  }
}

/** This thread's. */
export const writableSockets = new WritableSockets();
