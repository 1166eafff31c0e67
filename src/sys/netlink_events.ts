/** Netlink: what the kernel tells of changes in one network namespace. */
import {
  closeFd,
  EAGAIN,
  EINTR,
  ENOBUFS,
  errno,
  type Fd,
  libc,
  SyscallError,
} from "./libc.ts";
import { decodeMessages, type NetlinkMessage } from "./netlink.ts";
import { inNetns } from "./netns.ts";

const AF_NETLINK = 16;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
const MSG_DONTWAIT = 0x40;
/** Of one datagram, in octets; a list of nftables may fill it. */
const EVENT_OCTETS_MAX = 65_536;

/** What to be told of. */
export interface NetlinkTopic {
  readonly protocol: number;
  /** Bits of multicast groups, the first 32 of them. */
  readonly groups: number;
}

/**
 * A socket that is told what changes in the namespace it was opened in. Its
 * descriptor can be waited on.
 */
export class NetlinkEvents implements Disposable {
  readonly fd: Fd;

  /** @throws {SyscallError} when the kernel does not tell. */
  constructor(netns: Fd, { protocol, groups }: NetlinkTopic) {
    this.fd = inNetns(netns, () => {
      const kind = SOCK_RAW_NONBLOCK_CLOEXEC;
      const fd = libc.socket(AF_NETLINK, kind, protocol) as Fd;
      if (fd < 0) throw new SyscallError("open a netlink socket", errno());
      return fd;
    });
    const address = encodeAddress(groups);
    if (libc.bind(this.fd, address, address.length) === 0) return;
    const failure = new SyscallError("join netlink groups", errno());
    closeFd(this.fd);
    throw failure;
  }

  /**
   * Takes what the kernel told next.
   *
   * @returns undefined when there is nothing now; "lost" when it had more to
   * tell than the socket has room for.
   * @throws {SyscallError} in the kernel's words.
   */
  receive(): NetlinkMessage[] | "lost" | undefined {
    const octets = new Uint8Array(EVENT_OCTETS_MAX);
    const room = BigInt(octets.length);
    const count = Number(
      libc.recvfrom(this.fd, octets, room, MSG_DONTWAIT, null, null),
    );
    if (count >= 0) return [...decodeMessages(octets.subarray(0, count))];
    const error = errno();
    if (error === EAGAIN || error === EINTR) return undefined;
    if (error === ENOBUFS) return "lost";
    throw new SyscallError("be told over netlink", error);
  }

  [Symbol.dispose](): void {
    closeFd(this.fd);
  }
}

/** `struct sockaddr_nl`; the kernel chooses the port. */
function encodeAddress(groups: number): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(12);
  const view = new DataView(octets.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  return octets;
}
