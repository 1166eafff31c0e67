import { closeFd, errno, type Fd, libc, SyscallError } from "./libc.ts";
import { openNetns } from "./netns.ts";

const CLONE_NEWNET = 0x40000000;
const OWN = "/proc/thread-self/ns/net";

/** The namespace that this process runs in. The caller closes the descriptor. */
export const openOwnNetns = (): Fd => openNetns(OWN);

/**
 * Makes a network namespace without a name: it lasts as long as a descriptor or
 * a socket of it, and takes its interfaces along. The caller closes the
 * descriptor.
 *
 * @throws {SyscallError} without CAP_SYS_ADMIN.
 */
export function newNetns(): Fd {
  const home = openOwnNetns();
  try {
    if (libc.unshare(CLONE_NEWNET) !== 0) {
      throw new SyscallError("make a network namespace", errno());
    }
    try {
      return openNetns(OWN);
    } finally {
      // A thread that cannot come back would open every later socket there.
      if (libc.setns(home, CLONE_NEWNET) !== 0) Deno.exit(70);
    }
  } finally {
    closeFd(home);
  }
}
