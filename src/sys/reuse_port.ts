/** Which of the sockets that listen on one address the kernel gives a connection to. */
import { type Fd, libc } from "./libc.ts";

const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
const SO_DETACH_REUSEPORT_BPF = 68;

const BPF_RETURN_CONSTANT = 0x06;

/**
 * Has one of them, the same for all, take every connection; an older kernel
 * goes on by hash.
 *
 * @see socket(7), `SO_ATTACH_REUSEPORT_CBPF`
 */
export function gatherConnections(fd: Fd): void {
  // struct sock_filter { u16 code; u8 jt, jf; u32 k; }: return 0.
  const filter = Uint16Array.of(BPF_RETURN_CONSTANT, 0, 0, 0);
  // struct sock_fprog { u16 length; struct sock_filter *filter; }.
  const program = new BigUint64Array(2);
  program[0] = 1n;
  program[1] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(filter));
  const octets = new Uint8Array(program.buffer);
  libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, octets, 16);
  // The kernel has its copy now, and the filter was needed until here.
  filter.fill(0);
}

/**
 * Has the kernel choose by a hash of the connection's addresses again.
 *
 * @returns false when it did so already.
 */
export function spreadConnections(fd: Fd): boolean {
  const unused = new Uint8Array(4);
  return libc.setsockopt(
    fd,
    SOL_SOCKET,
    SO_DETACH_REUSEPORT_BPF,
    unused,
    unused.length,
  ) === 0;
}
