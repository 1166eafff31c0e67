import { closeNoted, noted } from "./descriptor_ledger.ts";
import { errno, type Fd, libc, SyscallError } from "./libc.ts";

const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLET = 0x80000000;
/** `struct epoll_event` is packed on x86-64 only. */
const EVENT_SIZE = Deno.build.arch === "x86_64" ? 12 : 16;
const DATA_OFFSET = EVENT_SIZE - 8;
const EVENTS_MAX = 256;

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
export class EdgeWatch implements Disposable {
  readonly #fd: Fd;
  readonly #events = new Uint8Array(EVENT_SIZE * EVENTS_MAX);

  constructor() {
    this.#fd = libc.epoll_create1(EPOLL_CLOEXEC) as Fd;
    if (this.#fd < 0) throw new SyscallError("create an epoll set", errno());
    noted(this.#fd);
  }

  /** Tells at once of what is true already. */
  add(fd: Fd, events: number): void {
    this.#control(EPOLL_CTL_ADD, fd, events);
  }

  /** Watches for something else; tells at once of what is true already. */
  change(fd: Fd, events: number): void {
    this.#control(EPOLL_CTL_MOD, fd, events);
  }

  /** Must be called before `fd` is closed. */
  remove(fd: Fd): void {
    libc.epoll_ctl(this.#fd, EPOLL_CTL_DEL, fd, null);
  }

  /** Waits on a pool thread until something happens, or the time is over. */
  async wait(timeoutMs: number): Promise<Happening[]> {
    const count = await libc.epoll_wait(
      this.#fd,
      this.#events,
      EVENTS_MAX,
      timeoutMs,
    );
    const view = new DataView(this.#events.buffer);
    // An interrupted wait is the only failure left on a set that exists.
    return Array.from({ length: Math.max(count, 0) }, (_, i) => ({
      events: view.getUint32(i * EVENT_SIZE, true),
      fd: view.getInt32(i * EVENT_SIZE + DATA_OFFSET, true) as Fd,
    }));
  }

  #control(operation: number, fd: Fd, events: number): void {
    const event = new Uint8Array(EVENT_SIZE);
    const view = new DataView(event.buffer);
    view.setUint32(0, (events | EPOLLET) >>> 0, true);
    view.setInt32(DATA_OFFSET, fd, true);
    if (libc.epoll_ctl(this.#fd, operation, fd, event) !== 0) {
      throw new SyscallError("watch a descriptor", errno());
    }
  }

  [Symbol.dispose](): void {
    closeNoted(this.#fd);
  }
}
