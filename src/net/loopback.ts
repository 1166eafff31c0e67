import { closeFd, type Fd, SyscallError } from "../sys/libc.ts";
import { inNetns } from "../sys/netns.ts";
import { openUdp } from "../sys/udp.ts";

const LOOPBACK_6 = { ip: new Uint8Array(16).fill(1, 15), port: 0 };

/** Whether a namespace has an IPv6 loopback address, found by taking it for a moment. */
export function hasIpv6Loopback(netns: Fd | undefined): boolean {
  const open = () => openUdp({ at: LOOPBACK_6, reusePort: false });
  try {
    closeFd(netns === undefined ? open() : inNetns(netns, open));
    return true;
  } catch (reason) {
    if (reason instanceof SyscallError) return false;
    throw reason;
  }
}
