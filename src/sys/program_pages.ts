import { readKernelFile } from "./kernel_file.ts";
import { libc } from "./libc.ts";

const MADV_DONTNEED = 4;

/**
 * Takes those pages of the program's own file out of the process that nobody
 * can have written to: code and constants. What runs comes back by itself, from
 * the page cache, 64 KiB at a time; what only the start needed, a third of the
 * process, does not.
 */
export function dropProgramPages(): void {
  const maps = readKernelFile("/proc/self/maps") ?? "";
  for (const { start, end } of unwrittenRanges(maps, Deno.execPath())) {
    // Nothing depends on it: an error leaves the pages where they are.
    libc.madvise(start, end - start, MADV_DONTNEED);
  }
}

export interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * Where a file is mapped and cannot be written.
 *
 * What is made read-only after it was written (RELRO) lies behind the file's
 * code, and would lose what was written: of ranges without code only the one
 * from the file's first octet counts.
 *
 * @param maps Text of `/proc/PID/maps`; a last line that is cut off is left out.
 */
export function unwrittenRanges(maps: string, file: string): AddressRange[] {
  const found: AddressRange[] = [];
  for (const line of maps.split("\n").slice(0, -1)) {
    const [, start, end, offset, path] = MAPPING.exec(line) ?? [];
    if (path !== file) continue;
    if (line.includes(" r--p ") && Number(`0x${offset}`) !== 0) continue;
    found.push({ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) });
  }
  return found;
}

/** A private mapping for reading, or for that and running. */
const MAPPING =
  /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p ([0-9a-f]+) [0-9a-f]+:[0-9a-f]+ \d+ +(\/.*)$/;
