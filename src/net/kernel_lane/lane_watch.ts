import { EdgeWatch, EVENT } from "../../sys/edge_watch.ts";
import type { Fd } from "../../sys/libc.ts";
import { SOCKET_WATCH_MS } from "../limits.ts";
import type { Bell } from "./bell.ts";

/** Told what happens to a socket that is watched. */
export type OnEvents = (events: number) => void;

/** A bell, and who is told when it rings. */
export interface Ringing {
  readonly bell: Bell;
  onRing(slots: readonly number[]): void;
}

/**
 * Waits for everything that the kernel has to say of a worker's joined sockets:
 * one pool thread, and only while there are some.
 */
export class LaneWatch implements Disposable {
  readonly #watch = new EdgeWatch();
  readonly #ringing: Ringing | undefined;
  readonly #sockets = new Map<Fd, OnEvents>();
  #running = false;
  #disposed = false;

  constructor(ringing?: Ringing) {
    this.#ringing = ringing;
    if (ringing) this.#watch.add(ringing.bell.fd, EVENT.readable);
  }

  /** Tells of the peer's end, and of errors; see {@link change}. */
  add(fd: Fd, onEvents: OnEvents): void {
    this.#sockets.set(fd, onEvents);
    this.#watch.add(fd, EVENT.peerEnded);
    if (!this.#running) void this.#run();
  }

  change(fd: Fd, interest: number): void {
    this.#watch.change(fd, interest);
  }

  /** Must come before `fd` is closed. */
  remove(fd: Fd): void {
    if (this.#sockets.delete(fd)) this.#watch.remove(fd);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#sockets.size > 0) {
      const happenings = await this.#watch.wait(SOCKET_WATCH_MS);
      if (this.#disposed) return; // the bell's memory is gone
      for (const { fd, events } of happenings) {
        const { bell, onRing } = this.#ringing ?? {};
        if (fd === bell?.fd) onRing?.(bell.take());
        // Gone, or the number is a newer socket's: that one looks for itself.
        else this.#sockets.get(fd)?.(events);
      }
    }
    this.#running = false;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#watch[Symbol.dispose]();
  }
}
