import { type Fd, libc } from "./libc.ts";

/** Above the size of `struct stat` on every architecture. */
const STAT_SIZE_MAX = 256;

/**
 * What tells the file, socket or namespace behind a descriptor from all others:
 * its device and inode.
 *
 * @returns undefined when the descriptor is not open.
 */
export function fileId(fd: Fd): string | undefined {
  // Both fields lead `struct stat` on every 64-bit Linux. The runtime's own
  // stat would want all rights for a path under /proc.
  const stat = new BigUint64Array(STAT_SIZE_MAX / 8);
  if (libc.fstat(fd, new Uint8Array(stat.buffer)) !== 0) return undefined;
  return `${stat[0]}:${stat[1]}`;
}
