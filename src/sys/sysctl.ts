import { closeFd, cString, type Fd, libc } from "./libc.ts";
import { inNetns } from "./netns.ts";

const O_WRONLY_CLOEXEC = 0x80001;

/**
 * Writes a setting of a network namespace.
 *
 * @param name With dots, such as `net.ipv4.tcp_migrate_req`.
 * @returns whether the kernel took it; a container may have /proc read-only.
 */
export function writeSysctl(netns: Fd, name: string, value: string): boolean {
  const path = cString(`/proc/sys/${name.replaceAll(".", "/")}`);
  // /proc/sys/net shows the namespace of the thread that opens it.
  return inNetns(netns, () => {
    const fd = libc.open(path, O_WRONLY_CLOEXEC) as Fd;
    if (fd < 0) return false;
    const octets = new TextEncoder().encode(value) as Uint8Array<ArrayBuffer>;
    const written = libc.write(fd, octets, BigInt(octets.length));
    closeFd(fd);
    return Number(written) === octets.length;
  });
}
