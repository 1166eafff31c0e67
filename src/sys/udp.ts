/** UDP sockets made by hand, for the same reasons as {@link import("./sockets.ts")}. */
import {
  closeFd,
  EAGAIN,
  EINTR,
  errno,
  type Fd,
  libc,
  SyscallError,
} from "./libc.ts";
import {
  AF_INET,
  AF_INET6,
  decodeSockaddr,
  encodeSockaddr,
  SOCKADDR_IN6_SIZE,
} from "./socket_address.ts";
import { type RawAddress, setMark } from "./sockets.ts";

const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
const SOL_SOCKET = 1;
const SO_REUSEPORT = 15;
const SOL_IP = 0;
const IP_PKTINFO = 8;
const IP_TRANSPARENT = 19;
const SOL_IPV6 = 41;
const IPV6_RECVPKTINFO = 49;
const IPV6_TRANSPARENT = 75;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;

/** Largest payload of a UDP datagram, in octets. */
export const DATAGRAM_MAX = 65_535;
const buffer = new Uint8Array(DATAGRAM_MAX);

/** What a UDP socket is for: to be asked at an address, or to ask one. */
export type UdpOptions =
  & { readonly mark?: number | undefined }
  & (
    | {
      readonly at: RawAddress;
      readonly reusePort: boolean;
      /** Whether what a rule leads here may be for any address. Default false. */
      readonly anyAddress?: boolean;
    }
    | { readonly to: RawAddress }
  );

/** One datagram, copied; its sender as octets. */
export interface Datagram {
  readonly octets: Uint8Array;
  readonly from: RawAddress;
  /** The address it was sent to, where that need not be the socket's own. */
  readonly at?: Uint8Array;
}

/**
 * Opens a UDP socket in the current namespace: bound to `at`, or connected to
 * `to` from a port that the kernel draws at random, so that nobody else's
 * datagrams reach it.
 *
 * @throws {SyscallError} naming the step that failed.
 */
export function openUdp(options: UdpOptions): Fd {
  const { ip, port } = "at" in options ? options.at : options.to;
  const family = ip.length === 4 ? AF_INET : AF_INET6;
  const fd = libc.socket(family, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0) as Fd;
  if (fd < 0) throw new SyscallError("open a UDP socket", errno());
  try {
    if (options.mark !== undefined) setMark(fd, options.mark);
    if ("at" in options) {
      if (options.reusePort) sharePort(fd);
      if (options.anyAddress) serveAnyAddress(fd, ip.length === 4 ? 4 : 6);
    }
    const address = encodeSockaddr(ip, port);
    const call = "at" in options ? libc.bind : libc.connect;
    if (call(fd, address, address.length) === 0) return fd;
    const step = "at" in options ? "bind to UDP port" : "connect to UDP port";
    throw new SyscallError(step, errno(), `${port}`);
  } catch (reason) {
    closeFd(fd);
    throw reason;
  }
}

function sharePort(fd: Fd): void {
  const on = new Uint8Array(Int32Array.of(1).buffer);
  if (libc.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, on, 4) === 0) return;
  throw new SyscallError("set socket option", errno(), "SO_REUSEPORT");
}

/** What has a socket serve, and be told of, addresses that are not its own. */
const ANY_ADDRESS = {
  4: { level: SOL_IP, options: [IP_TRANSPARENT, IP_PKTINFO] },
  6: { level: SOL_IPV6, options: [IPV6_TRANSPARENT, IPV6_RECVPKTINFO] },
} as const;

/** @throws {SyscallError} without CAP_NET_ADMIN or CAP_NET_RAW. */
function serveAnyAddress(fd: Fd, family: 4 | 6): void {
  const { level, options } = ANY_ADDRESS[family];
  const on = new Uint8Array(Int32Array.of(1).buffer);
  for (const option of options) {
    if (libc.setsockopt(fd, level, option, on, 4) === 0) continue;
    throw new SyscallError("be transparent", errno());
  }
}

/**
 * Takes the next datagram.
 *
 * @returns undefined when there is none now.
 * @throws {SyscallError} such as "refused", which a connected socket hears from
 * the other end's kernel.
 */
export function receiveDatagram(fd: Fd): Datagram | undefined {
  const address = new Uint8Array(SOCKADDR_IN6_SIZE);
  const size = new Uint8Array(Uint32Array.of(address.length).buffer);
  const length = Number(
    libc.recvfrom(
      fd,
      buffer,
      BigInt(buffer.length),
      MSG_DONTWAIT_NOSIGNAL,
      address,
      size,
    ),
  );
  if (length < 0) {
    const code = errno();
    if (code === EAGAIN || code === EINTR) return undefined;
    throw new SyscallError("receive", code);
  }
  const from = decodeSockaddr(address);
  return from && { octets: buffer.slice(0, length), from };
}

/**
 * Sends one datagram, or drops it when the kernel has no room.
 *
 * @param to Absent for a connected socket.
 * @returns whether the kernel took it.
 */
export function sendDatagram(
  fd: Fd,
  octets: Uint8Array,
  to?: RawAddress,
): boolean {
  const address = to === undefined ? null : encodeSockaddr(to.ip, to.port);
  return Number(
    libc.sendto(
      fd,
      octets as Uint8Array<ArrayBuffer>,
      BigInt(octets.length),
      MSG_DONTWAIT_NOSIGNAL,
      address,
      address?.length ?? 0,
    ),
  ) === octets.length;
}

/** The discard port of loopback, where nothing comes from. */
const NOWHERE = {
  4: encodeSockaddr(Uint8Array.of(127, 0, 0, 1), 9),
  6: encodeSockaddr(new Uint8Array(16).fill(1, 15), 9),
};

/**
 * Has a bound socket get no new datagrams, from any thread: others that share
 * its address get them. What it has got already can be read, and it can send.
 */
export function stopReceiving(fd: Fd): void {
  const { 4: v4, 6: v6 } = NOWHERE;
  // In this order: an IPv6 socket would take an IPv4 address too.
  if (libc.connect(fd, v6, v6.length) !== 0) {
    libc.connect(fd, v4, v4.length);
  }
}
