import { closeFd, cString, type Fd, libc } from "./libc.ts";

/** Most that is read of one file, in octets; such files are small. */
export const KERNEL_FILE_MAX_OCTETS = 64 * 1024;

const O_RDONLY_CLOEXEC = 0x80000;

/**
 * Reads a small file of /proc or /sys on this thread, so that one that depends
 * on the namespace shows the thread's. The runtime would want all rights for it.
 *
 * @returns undefined when there is no such file or it cannot be read; what is
 * above {@link KERNEL_FILE_MAX_OCTETS} is cut off.
 */
export function readKernelFile(path: string): string | undefined {
  const fd = libc.open(cString(path), O_RDONLY_CLOEXEC) as Fd;
  if (fd < 0) return undefined;
  try {
    return readAll(fd);
  } finally {
    closeFd(fd);
  }
}

function readAll(fd: Fd): string | undefined {
  const octets = new Uint8Array(KERNEL_FILE_MAX_OCTETS);
  let length = 0;
  while (length < octets.length) {
    const rest = octets.subarray(length);
    const count = Number(libc.read(fd, rest, BigInt(rest.length)));
    if (count < 0) return undefined;
    if (count === 0) break;
    length += count;
  }
  return new TextDecoder().decode(octets.subarray(0, length));
}
