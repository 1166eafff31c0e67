import type { Fd } from "../sys/libc.ts";
import { WritableWatch } from "../sys/epoll.ts";
import { connectEnded } from "../sys/sockets.ts";
import { CONNECT_WATCH_MS } from "./limits.ts";

/**
 * Waits for connection attempts to end. One pool thread serves all attempts of
 * a worker, and only while there are some; an attempt that has ended by the
 * time it is asked for, as on loopback, costs no thread at all.
 */
export class ConnectWatch {
  readonly #waiting = new Map<Fd, () => void>();
  #watch: WritableWatch | undefined;
  #running = false;

  /** Calls `done` once the attempt has ended, either way. */
  onEnded(fd: Fd, done: () => void): void {
    if (connectEnded(fd)) return done();
    this.#watch ??= new WritableWatch();
    this.#waiting.set(fd, done);
    this.#watch.add(fd);
    if (!this.#running) void this.#run(this.#watch);
  }

  /** Forgets an attempt; must come before its descriptor is closed. */
  forget(fd: Fd): void {
    if (this.#waiting.delete(fd)) this.#watch?.remove(fd);
  }

  async #run(watch: WritableWatch): Promise<void> {
    this.#running = true;
    while (this.#waiting.size > 0) {
      for (const fd of await watch.wait(CONNECT_WATCH_MS)) {
        const done = this.#waiting.get(fd);
        // The number may belong to a newer attempt than the report is about.
        if (done === undefined || !connectEnded(fd)) continue;
        this.forget(fd);
        done();
      }
    }
    this.#running = false;
  }
}
