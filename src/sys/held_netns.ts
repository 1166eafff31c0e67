import { fileId } from "./file_id.ts";
import { closeFd, cString, type Fd, libc } from "./libc.ts";
import { isNetns, ownNetnsId } from "./netns.ts";
import { processIds } from "./process_ids.ts";

/** Most descriptors of one process that are looked at; ours: some times what a proxy of many pods has. */
export const HELD_DESCRIPTORS_MAX = 65_536;

const O_PATH_CLOEXEC = 0x280000;
const O_RDONLY_NONBLOCK_CLOEXEC = 0x80800;

/**
 * The network namespaces that a process has open, without its own.
 *
 * @returns a path to each, by its {@link netnsId}; undefined when the process
 * cannot be looked into.
 */
export function heldNetns(
  pid: number,
): ReadonlyMap<string, string> | undefined {
  const folder = `/proc/${pid}/fd`;
  const held = new Map<string, string>();
  // Named like processes: by number.
  const names = processIds(folder).slice(0, HELD_DESCRIPTORS_MAX);
  if (names.length === 0) return undefined;
  const own = ownNetnsId();
  for (const name of names) {
    const path = `${folder}/${name}`;
    const id = namespaceIdAt(path, own);
    if (id !== undefined && id !== own) held.set(id, path);
  }
  return held;
}

const deviceOf = (id: string): string => id.slice(0, id.indexOf(":"));

/** Looks at where it leads before it is opened: that of a device or a pipe would have effects. */
function namespaceIdAt(path: string, own: string): string | undefined {
  const id = withFd(path, O_PATH_CLOEXEC, fileId);
  if (id === undefined || deviceOf(id) !== deviceOf(own)) return undefined;
  const isIt = withFd(path, O_RDONLY_NONBLOCK_CLOEXEC, isNetns);
  return isIt ? id : undefined;
}

function withFd<T>(
  path: string,
  flags: number,
  use: (fd: Fd) => T,
): T | undefined {
  const fd = libc.open(cString(path), flags) as Fd;
  if (fd < 0) return undefined;
  try {
    return use(fd);
  } finally {
    closeFd(fd);
  }
}
