import type { Fd } from "../sys/libc.ts";
import { isWritable } from "../sys/sockets.ts";
import { WatchedSockets } from "./watched_sockets.ts";

/**
 * Tells, once each, of sockets that take octets, which is also how a connection
 * attempt ends. One that does so when it is asked about costs no thread at all.
 */
class WritableSockets extends WatchedSockets {
  constructor() {
    super("writable");
  }

  /** Calls `tell` once `fd` is writable or broken, perhaps within this call. */
  whenWritable(fd: Fd, tell: () => void): void {
    if (isWritable(fd)) tell();
    else this.add(fd, tell);
  }

  protected override onReport(fd: Fd, tell: () => void): void {
    this.remove(fd);
    // If a newer socket has the number, or the kernel has taken its word back,
    // another report is owed: it waits on.
    this.whenWritable(fd, tell);
  }
}

/** This thread's. */
export const writableSockets = new WritableSockets();
