import { type SocketEvent, SocketWatch } from "../sys/socket_watch.ts";
import type { Fd } from "../sys/libc.ts";
import { SOCKET_WATCH_MS } from "./limits.ts";

/**
 * Tells of sockets to which one kind of thing happens. One pool thread serves
 * all that are watched for it, and only while there are some.
 */
export class WatchedSockets {
  readonly #event: SocketEvent;
  readonly #watched = new Map<Fd, () => void>();
  #watch: SocketWatch | undefined;
  #running = false;

  constructor(event: SocketEvent) {
    this.#event = event;
  }

  /**
   * Calls `tell` when it happens to `fd`; it must not throw. One watch at a
   * time for a descriptor.
   *
   * @throws {SyscallError} when it cannot be watched.
   */
  add(fd: Fd, tell: () => void): void {
    this.#watch ??= new SocketWatch(this.#event);
    this.#watch.add(fd);
    this.#watched.set(fd, tell);
    if (!this.#running) void this.#run(this.#watch);
  }

  /** Must come before the descriptor is closed. Harmless when it is not watched. */
  remove(fd: Fd): void {
    if (this.#watched.delete(fd)) this.#watch?.remove(fd);
  }

  /** What to do at a report, which may be about an older socket of that number. */
  protected onReport(_fd: Fd, tell: () => void): void {
    tell();
  }

  async #run(watch: SocketWatch): Promise<void> {
    this.#running = true;
    while (this.#watched.size > 0) {
      for (const fd of await watch.wait(SOCKET_WATCH_MS)) {
        const tell = this.#watched.get(fd);
        if (tell !== undefined) this.onReport(fd, tell);
      }
    }
    this.#running = false;
  }
}
