import { readKernelFile } from "./kernel_file.ts";
import { libc } from "./libc.ts";

const STAT_SIZE_MAX = 256;

/**
 * Descriptors that this process has open.
 *
 * Asked one by one up to the size of the table: listing `/proc/self/fd` would
 * want all rights of the runtime.
 */
export function countOpenFds(): number {
  const size = /^FDSize:\s*(\d+)/m.exec(
    readKernelFile("/proc/self/status") ?? "",
  );
  const stat = new Uint8Array(STAT_SIZE_MAX);
  let open = 0;
  for (let fd = 0; fd < Number(size?.[1] ?? 0); fd++) {
    if (libc.fstat(fd, stat) === 0) open++;
  }
  return open;
}
