import type { Fd } from "../sys/libc.ts";
import { isBroken } from "../sys/sockets.ts";
import { WatchedSockets } from "./watched_sockets.ts";

/**
 * Tells, once each, of sockets that have broken while nobody reads them: reset
 * by the peer, or over in both directions.
 */
class BrokenSockets extends WatchedSockets {
  constructor() {
    super("broken");
  }

  protected override onReport(fd: Fd, tell: () => void): void {
    if (!isBroken(fd)) return; // a newer socket has the number
    this.remove(fd);
    tell();
  }
}

/** This thread's. */
export const brokenSockets = new BrokenSockets();
