import { closeFd, cString, type Fd, libc } from "./libc.ts";

const O_RDONLY_DIRECTORY_CLOEXEC = 0x90000;
const BUFFER_OCTETS = 32_768;
/** Of `struct linux_dirent64`: the entry's length, and where its name begins. */
const LENGTH_AT = 16;
const NAME_AT = 19;

/**
 * The processes that a proc file system shows. The runtime would want all rights
 * to list it.
 *
 * @param root Where it is mounted.
 * @returns Nothing when it cannot be read.
 */
export function processIds(root = "/proc"): readonly number[] {
  const fd = libc.open(cString(root), O_RDONLY_DIRECTORY_CLOEXEC) as Fd;
  if (fd < 0) return [];
  const ids: number[] = [];
  try {
    const buffer = new Uint8Array(BUFFER_OCTETS);
    for (;;) {
      const size = BigInt(buffer.length);
      const count = Number(libc.getdents64(fd, buffer, size));
      if (count <= 0) return ids;
      ids.push(...idsIn(buffer.subarray(0, count)));
    }
  } finally {
    closeFd(fd);
  }
}

function idsIn(entries: Uint8Array): number[] {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
  const ids: number[] = [];
  for (let at = 0; at < entries.length;) {
    const length = view.getUint16(at + LENGTH_AT, true);
    const name = entries.subarray(at + NAME_AT, at + length);
    const text = new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
    if (/^\d+$/.test(text)) ids.push(Number(text));
    at += length;
  }
  return ids;
}
