import { closeNoted, noted } from "./descriptor_ledger.ts";
import { errno, type Fd, libc, SyscallError } from "./libc.ts";

const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;

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

/** `struct epoll_event` is packed on x86-64 only. */
const EVENT_SIZE = Deno.build.arch === "x86_64" ? 12 : 16;
const DATA_OFFSET = EVENT_SIZE - 8;
const EVENTS_MAX = 64;

/** Tells to which of a set of sockets something happens. */
export class SocketWatch implements Disposable {
  readonly #fd: Fd;
  readonly #asked: number;
  readonly #events = new Uint8Array(EVENT_SIZE * EVENTS_MAX);

  constructor(event: SocketEvent) {
    this.#asked = EVENTS[event];
    this.#fd = libc.epoll_create1(EPOLL_CLOEXEC) as Fd;
    if (this.#fd < 0) throw new SyscallError("create an epoll set", errno());
    noted(this.#fd);
  }

  add(fd: Fd): void {
    const event = new Uint8Array(EVENT_SIZE);
    const view = new DataView(event.buffer);
    view.setUint32(0, this.#asked, true);
    view.setInt32(DATA_OFFSET, fd, true);
    if (libc.epoll_ctl(this.#fd, EPOLL_CTL_ADD, fd, event) !== 0) {
      throw new SyscallError("watch a socket", errno());
    }
  }

  /** Must be called before `fd` is handed on or closed. */
  remove(fd: Fd): void {
    libc.epoll_ctl(this.#fd, EPOLL_CTL_DEL, fd, null);
  }

  /** Waits on a pool thread until some are ready, or the time is over. */
  async wait(timeoutMs: number): Promise<Fd[]> {
    const count = await libc.epoll_wait(
      this.#fd,
      this.#events,
      EVENTS_MAX,
      timeoutMs,
    );
    // errno of a pool thread cannot be read here; an interrupted wait is the
    // only failure left on a set that exists, and means "nothing yet".
    if (count < 0) return [];
    const view = new DataView(this.#events.buffer);
    return Array.from(
      { length: count },
      (_, i) => view.getInt32(i * EVENT_SIZE + DATA_OFFSET, true) as Fd,
    );
  }

  [Symbol.dispose](): void {
    closeNoted(this.#fd);
  }
}
