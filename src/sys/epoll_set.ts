import { closeNoted, noted } from "./descriptor_ledger.ts";
import { errno, type Fd, libc, SyscallError } from "./libc.ts";

const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL = { add: 1, remove: 2, change: 3 } as const;
/** `struct epoll_event` is packed on x86-64 only. */
const EVENT_SIZE = Deno.build.arch === "x86_64" ? 12 : 16;
const DATA_OFFSET = EVENT_SIZE - 8;
const EVENTS_MAX = 256;

/** Descriptors that the kernel watches, as epoll(7) has it. */
export class EpollSet implements Disposable {
  readonly #fd: Fd;
  readonly #ready = new DataView(new ArrayBuffer(EVENT_SIZE * EVENTS_MAX));

  /** @throws {SyscallError} */
  constructor() {
    this.#fd = libc.epoll_create1(EPOLL_CLOEXEC) as Fd;
    if (this.#fd < 0) throw new SyscallError("create an epoll set", errno());
    noted(this.#fd);
  }

  /** Must be called before `fd` is handed on or closed. */
  remove(fd: Fd): void {
    libc.epoll_ctl(this.#fd, EPOLL_CTL.remove, fd, null);
  }

  /** @throws {SyscallError} when `fd` cannot be watched so. */
  protected control(how: "add" | "change", fd: Fd, events: number): void {
    const event = new Uint8Array(EVENT_SIZE);
    const view = new DataView(event.buffer);
    view.setUint32(0, events >>> 0, true);
    view.setInt32(DATA_OFFSET, fd, true);
    if (libc.epoll_ctl(this.#fd, EPOLL_CTL[how], fd, event) !== 0) {
      throw new SyscallError("watch a descriptor", errno());
    }
  }

  /**
   * Waits on a pool thread until something happens, or the time is over.
   *
   * @returns To how many: see {@link fdAt} and {@link eventsAt}, until the next
   *   wait.
   */
  protected async ready(timeoutMs: number): Promise<number> {
    const events = new Uint8Array(this.#ready.buffer);
    const count = await libc.epoll_wait(
      this.#fd,
      events,
      EVENTS_MAX,
      timeoutMs,
    );
    // errno of a pool thread cannot be read here; an interrupted wait is the
    // only failure left on a set that exists, and means "nothing yet".
    return Math.max(count, 0);
  }

  protected fdAt(index: number): Fd {
    return this.#ready.getInt32(index * EVENT_SIZE + DATA_OFFSET, true) as Fd;
  }

  protected eventsAt(index: number): number {
    return this.#ready.getUint32(index * EVENT_SIZE, true);
  }

  [Symbol.dispose](): void {
    closeNoted(this.#fd);
  }
}
