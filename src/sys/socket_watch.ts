import { EpollSet } from "./epoll_set.ts";
import type { Fd } from "./libc.ts";

/** What a watch may ask for. */
const EVENTS = {
  /** EPOLLIN: there is something to read, told for as long as it is so. */
  readable: 0x1,
  /** EPOLLOUT and EPOLLONESHOT: there is room to write, told once. */
  writable: 0x4 | 0x40000000,
  /**
   * Nothing: what is told unasked, that a socket is broken or over in both
   * directions, for as long as it is watched.
   */
  broken: 0,
} as const;

/** What sockets are watched for. */
export type SocketEvent = keyof typeof EVENTS;

/** Tells to which of a set of sockets something happens. */
export class SocketWatch extends EpollSet {
  readonly #asked: number;

  constructor(event: SocketEvent) {
    super();
    this.#asked = EVENTS[event];
  }

  add(fd: Fd): void {
    this.control("add", fd, this.#asked);
  }

  /** Waits on a pool thread until something happens, or the time is over. */
  async wait(timeoutMs: number): Promise<Fd[]> {
    const length = await this.ready(timeoutMs);
    return Array.from({ length }, (_, i) => this.fdAt(i));
  }
}
