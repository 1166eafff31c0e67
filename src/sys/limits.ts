import { errno, libc, SyscallError } from "./libc.ts";

const RLIMIT_NOFILE = 7;

/**
 * Raises the soft limit of open descriptors to the hard one.
 *
 * @returns the limit before and after.
 * @throws {SyscallError} when the kernel refuses.
 */
export function raiseFdLimit(): { before: bigint; after: bigint } {
  const limit = new BigUint64Array(2);
  const octets = new Uint8Array(limit.buffer);
  if (libc.prlimit64(0, RLIMIT_NOFILE, null, octets) !== 0) {
    throw new SyscallError("read the limit of open files", errno());
  }
  const before = limit[0]!;
  limit[0] = limit[1]!;
  if (libc.prlimit64(0, RLIMIT_NOFILE, octets, null) !== 0) {
    throw new SyscallError("raise the limit of open files", errno());
  }
  return { before, after: limit[1]! };
}
