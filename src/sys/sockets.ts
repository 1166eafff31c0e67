/**
 * TCP sockets made by hand, because a mark, transparency and the namespace must
 * be set before the socket is used, which the runtime's own calls cannot do.
 * Addresses are octets here: 4 for IPv4, 16 for IPv6.
 */
import {
  addressMemory,
  intArgument,
  intResult,
  putAddress,
  sizeArgument,
} from "./call_memory.ts";
import {
  closeFd,
  EAGAIN,
  EINPROGRESS,
  EINTR,
  errno,
  type Fd,
  libc,
  SyscallError,
} from "./libc.ts";
import {
  AF_INET,
  AF_INET6,
  SOCKADDR_IN6_SIZE,
  SOCKADDR_IN_SIZE,
  viewSockaddr,
} from "./socket_address.ts";

const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0x800 | 0x80000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const SO_KEEPALIVE = 9;
const SO_REUSEPORT = 15;
const SO_MARK = 36;
const SOL_IP = 0;
const IP_FREEBIND = 15;
const IP_TRANSPARENT = 19;
/** The port is chosen for source and destination together, at connect(2). */
const IP_BIND_ADDRESS_NO_PORT = 24;
const SO_ORIGINAL_DST = 80; // the same number on both levels
const SOL_IPV6 = 41;
const IPV6_TRANSPARENT = 75;
const IPV6_FREEBIND = 78;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const TCP_USER_TIMEOUT = 18;
const POLLOUT = 4;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;

/** A peer's or local address as octets. */
export interface RawAddress {
  readonly ip: Uint8Array;
  readonly port: number;
}

export interface ListenOptions {
  readonly at: RawAddress;
  readonly backlog: number;
  /** SO_MARK of the listener and of every socket it accepts. */
  readonly mark?: number;
  /** Let other sockets, also of other processes, listen on the same address. */
  readonly reusePort: boolean;
  /** IP_TRANSPARENT: required, tried, or left alone. */
  readonly transparent: "require" | "try" | "off";
  /** What accepted sockets inherit. */
  readonly tuning: TcpTuning;
}

/** TCP options of a data-plane socket. Times in milliseconds. */
export interface TcpTuning {
  readonly keepalive?: {
    readonly timeMs: number;
    readonly intervalMs: number;
    readonly retries: number;
  };
  readonly userTimeoutMs?: number;
}

export interface ConnectOptions {
  readonly to: RawAddress;
  readonly mark?: number;
  readonly tuning: TcpTuning;
  /** Source address to show, also one that is not local; best effort. */
  readonly from?: Uint8Array;
}

function setInt(fd: Fd, level: number, name: number, value: number): boolean {
  return libc.setsockopt(fd, level, name, intArgument(value), 4) === 0;
}

function mustSetInt(
  fd: Fd,
  level: number,
  name: [number, string],
  value: number,
): void {
  if (!setInt(fd, level, name[0], value)) {
    throw new SyscallError("set socket option", errno(), name[1]);
  }
}

function newSocket(family: number): Fd {
  const fd = libc.socket(family, SOCK_STREAM_NONBLOCK_CLOEXEC, 0) as Fd;
  if (fd < 0) throw new SyscallError("open a TCP socket", errno());
  return fd;
}

const familyOf = (ip: Uint8Array) => ip.length === 4 ? AF_INET : AF_INET6;

/** Runs `use`; closes `fd` when it throws. */
function closingOnError<T>(fd: Fd, use: () => T): T {
  try {
    return use();
  } catch (reason) {
    closeFd(fd);
    throw reason;
  }
}

/**
 * Opens a listener in the current namespace.
 *
 * @returns its descriptor, and whether it became transparent.
 * @throws {SyscallError} naming the step that failed.
 */
export function listenTcp(
  options: ListenOptions,
): { fd: Fd; transparent: boolean } {
  const fd = newSocket(familyOf(options.at.ip));
  return closingOnError(fd, () => {
    if (options.mark !== undefined) setMark(fd, options.mark);
    tuneTcp(fd, options.tuning);
    if (options.reusePort) {
      mustSetInt(fd, SOL_SOCKET, [SO_REUSEPORT, "SO_REUSEPORT"], 1);
    } else {
      mustSetInt(fd, SOL_SOCKET, [SO_REUSEADDR, "SO_REUSEADDR"], 1);
    }
    const transparent = makeTransparent(fd, options.transparent);
    const length = putAddress(options.at.ip, options.at.port);
    if (libc.bind(fd, addressMemory, length) !== 0) {
      throw new SyscallError("bind to port", errno(), `${options.at.port}`);
    }
    if (libc.listen(fd, options.backlog) !== 0) {
      throw new SyscallError("listen on port", errno(), `${options.at.port}`);
    }
    return { fd, transparent };
  });
}

function makeTransparent(
  fd: Fd,
  wanted: ListenOptions["transparent"],
): boolean {
  if (wanted === "off") return false;
  // The IPv4-level option also serves a dual-stack socket.
  if (setInt(fd, SOL_IP, IP_TRANSPARENT, 1)) return true;
  if (wanted === "try") return false;
  throw new SyscallError("set socket option", errno(), "IP_TRANSPARENT");
}

/** @throws {SyscallError} without CAP_NET_ADMIN. */
export function setMark(fd: Fd, mark: number): void {
  mustSetInt(fd, SOL_SOCKET, [SO_MARK, "SO_MARK"], mark);
}

/** Turns Nagle's algorithm off and applies keepalive; failures do not matter. */
function tuneTcp(fd: Fd, tuning: TcpTuning): void {
  setInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (tuning.keepalive !== undefined) {
    const { timeMs, intervalMs, retries } = tuning.keepalive;
    setInt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    setInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, Math.ceil(timeMs / 1000));
    setInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, Math.ceil(intervalMs / 1000));
    setInt(fd, IPPROTO_TCP, TCP_KEEPCNT, retries);
  }
  if (tuning.userTimeoutMs !== undefined) {
    setInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, tuning.userTimeoutMs);
  }
}

/**
 * Starts a connection in the current namespace without waiting for it.
 *
 * @returns the descriptor; it becomes writable once {@link socketError} tells
 * the outcome. `spoofed` says whether the source address could be set.
 * @throws {SyscallError} when the kernel refuses at once.
 */
export function startConnect(
  options: ConnectOptions,
): { fd: Fd; spoofed: boolean } {
  const fd = newSocket(familyOf(options.to.ip));
  return closingOnError(fd, () => {
    if (options.mark !== undefined) setMark(fd, options.mark);
    tuneTcp(fd, options.tuning);
    const spoofed = options.from !== undefined && bindSource(fd, options.from);
    const length = putAddress(options.to.ip, options.to.port);
    if (libc.connect(fd, addressMemory, length) !== 0) {
      const code = errno();
      if (code !== EINPROGRESS) throw new SyscallError("connect", code);
    }
    return { fd, spoofed };
  });
}

function bindSource(fd: Fd, ip: Uint8Array): boolean {
  const v4 = ip.length === 4;
  const level = v4 ? SOL_IP : SOL_IPV6;
  const allowed =
    setInt(fd, level, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, 1) &&
    setInt(fd, level, v4 ? IP_FREEBIND : IPV6_FREEBIND, 1);
  // Else an address has as many connections as there are ports, to all peers.
  setInt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  if (!allowed) return false;
  return libc.bind(fd, addressMemory, putAddress(ip, 0)) === 0;
}

/** Takes a socket's pending error: 0 when there is none. */
export function socketError(fd: Fd): number {
  const value = intArgument(0);
  const size = sizeArgument(value.length);
  if (libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, size) !== 0) {
    return errno();
  }
  return intResult();
}

/**
 * Whether a socket takes octets now, or would say at once why it never will. A
 * connection attempt has ended when it is.
 */
export const isWritable = (fd: Fd): boolean => pollNow(fd, POLLOUT);

/** Whether a socket is broken, or over in both directions. */
export const isBroken = (fd: Fd): boolean => pollNow(fd, 0);

/** Whether one of the events holds, or what poll tells unasked. */
function pollNow(fd: Fd, events: number): boolean {
  polled.fd[0] = fd;
  polled.events[0] = events;
  return libc.poll(polled.octets, 1n, 0) === 1;
}

/** A `struct pollfd`, for one call at a time. */
const polled = pollEntry();

function pollEntry() {
  const octets = new Uint8Array(8);
  const { buffer } = octets;
  const fd = new Int32Array(buffer, 0, 1);
  return { octets, fd, events: new Int16Array(buffer, 4, 1) };
}

/**
 * Sends what the kernel takes at once.
 *
 * @returns octets taken; 0 when there is no room.
 * @throws {SyscallError} when the connection is no more.
 */
export function sendNow(fd: Fd, octets: Uint8Array): number {
  const sent = Number(
    libc.send(
      fd,
      octets as Uint8Array<ArrayBuffer>,
      BigInt(octets.length),
      MSG_DONTWAIT_NOSIGNAL,
    ),
  );
  if (sent >= 0) return sent;
  const code = errno();
  if (code === EAGAIN || code === EINTR) return 0;
  throw new SyscallError("send", code);
}

/**
 * The near end of a connection. Its octets, as those of the ends below, are good
 * until one more is read.
 *
 * @throws {SyscallError}
 */
export const localEnd = (fd: Fd): RawAddress => readEnd(fd, "getsockname");

/** The far end of a connection. @throws {SyscallError} once it is disconnected. */
export const peerEnd = (fd: Fd): RawAddress => readEnd(fd, "getpeername");

function readEnd(fd: Fd, call: "getsockname" | "getpeername"): RawAddress {
  const size = sizeArgument(addressMemory.length);
  if (libc[call](fd, addressMemory, size) !== 0) {
    throw new SyscallError("read a socket's address", errno());
  }
  return viewSockaddr(addressMemory)!;
}

/**
 * Where a redirected connection was going before the redirect.
 *
 * @returns undefined when the kernel does not track it; its own address when it
 * was not redirected.
 * @see ip(7), SO_ORIGINAL_DST of the netfilter redirect target
 */
export function originalDestination(fd: Fd): RawAddress | undefined {
  return readOriginal(fd, SOL_IP, SOCKADDR_IN_SIZE) ??
    readOriginal(fd, SOL_IPV6, SOCKADDR_IN6_SIZE);
}

function readOriginal(
  fd: Fd,
  level: number,
  length: number,
): RawAddress | undefined {
  const size = sizeArgument(length);
  if (libc.getsockopt(fd, level, SO_ORIGINAL_DST, addressMemory, size) !== 0) {
    return undefined;
  }
  return viewSockaddr(addressMemory);
}
