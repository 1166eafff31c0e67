import { EpollSet } from "./epoll_set.ts";
import type { Fd } from "./libc.ts";

const EPOLLET = 0x80000000;

/** What may happen to a descriptor; a set of them is their sum. */
export const EVENT = {
  readable: 0x1,
  writable: 0x4,
  /** Told unasked. */
  error: 0x8,
  /** Both halves are over. Told unasked. */
  gone: 0x10,
  /** The peer ended its half. */
  peerEnded: 0x2000,
} as const;

/** Something happened to a descriptor. */
export interface Happening {
  readonly fd: Fd;
  /** All that is true of it by now, of what it is watched for. */
  readonly events: number;
}

/**
 * Tells what happens to descriptors, each time that it happens and not for as
 * long as it lasts.
 */
export class EdgeWatch extends EpollSet {
  /** Tells at once of what is true already. */
  add(fd: Fd, events: number): void {
    this.control("add", fd, events | EPOLLET);
  }

  /** Watches for something else; tells at once of what is true already. */
  change(fd: Fd, events: number): void {
    this.control("change", fd, events | EPOLLET);
  }

  /** Waits on a pool thread until something happens, or the time is over. */
  async wait(timeoutMs: number): Promise<Happening[]> {
    const length = await this.ready(timeoutMs);
    return Array.from({ length }, (_, i) => ({
      events: this.eventsAt(i),
      fd: this.fdAt(i),
    }));
  }
}
