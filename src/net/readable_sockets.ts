import { ReadableWatch } from "../sys/epoll.ts";
import type { Fd } from "../sys/libc.ts";
import { READABLE_WATCH_MS } from "./udp_limits.ts";

/**
 * Tells of sockets that have something to read. One pool thread serves all
 * sockets of a worker, and only while there are some.
 */
class ReadableSockets {
  readonly #watched = new Map<Fd, () => void>();
  #watch: ReadableWatch | undefined;
  #running = false;

  /**
   * Calls `onReadable`, again and again, while `fd` has something to read. It
   * must not throw.
   *
   * @throws {SyscallError} when it cannot be watched.
   */
  add(fd: Fd, onReadable: () => void): void {
    this.#watch ??= new ReadableWatch();
    this.#watch.add(fd);
    this.#watched.set(fd, onReadable);
    if (!this.#running) void this.#run(this.#watch);
  }

  /** Must come before the descriptor is closed. */
  remove(fd: Fd): void {
    if (this.#watched.delete(fd)) this.#watch?.remove(fd);
  }

  async #run(watch: ReadableWatch): Promise<void> {
    this.#running = true;
    while (this.#watched.size > 0) {
      for (const fd of await watch.wait(READABLE_WATCH_MS)) {
        this.#watched.get(fd)?.();
      }
    }
    this.#running = false;
  }
}

/** This thread's. */
export const readableSockets = new ReadableSockets();
