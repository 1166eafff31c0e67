/** What the kernel knows of a TCP connection, and what it can be told to do. */
import { EAGAIN, EINTR, errno, type Fd, libc, SyscallError } from "./libc.ts";
import { syscalls } from "./bpf/syscalls.ts";

const SOL_SOCKET = 1;
const SO_LINGER = 13;
const SO_RCVLOWAT = 18;
const SO_COOKIE = 57;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_NOTSENT_LOWAT = 25;
/** Octets waiting to be read. */
const SIOCINQ = 0x541bn;
/** Octets sent or to be sent, and not acknowledged. */
const SIOCOUTQ = 0x5411n;
const SHUT_WR = 1;

/** `struct tcp_info` of Linux 4.2, where it got what is read here. */
const INFO_SIZE = 136;
const INFO = {
  state: 0,
  acknowledged: 120,
  received: 128,
};
const ESTABLISHED = 1;

/** One moment of a connection. Counts are of its whole life. */
export interface TcpInfo {
  readonly established: boolean;
  /** Octets that the peer has acknowledged; SYN and FIN count as one each. */
  readonly acknowledged: number;
  /** Octets that came in order; FIN counts as one. */
  readonly received: number;
}

const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);

function readOption(
  fd: Fd,
  [level, name]: readonly [number, number],
  size: number,
): DataView {
  const value = new Uint8Array(size);
  const length = u32(size);
  const failed = libc.getsockopt(fd, level, name, value, length) !== 0;
  if (failed) throw new SyscallError("read a socket option", errno());
  if (new DataView(length.buffer).getUint32(0, true) < size) {
    throw new SyscallError("read a socket option", ENOTSUP);
  }
  return new DataView(value.buffer);
}

const ENOTSUP = 95;

/** @throws {SyscallError} when `fd` is no TCP socket. */
export function tcpInfo(fd: Fd): TcpInfo {
  const view = readOption(fd, [IPPROTO_TCP, TCP_INFO], INFO_SIZE);
  return {
    established: view.getUint8(INFO.state) === ESTABLISHED,
    acknowledged: Number(view.getBigUint64(INFO.acknowledged, true)),
    received: Number(view.getBigUint64(INFO.received, true)),
  };
}

/**
 * Octets ever written to `fd`, except for the one that SYN may count as. Never
 * too many; too few by what is acknowledged within the call.
 */
export function octetsWritten(fd: Fd): number {
  const { acknowledged } = tcpInfo(fd);
  return acknowledged + queued(fd, SIOCOUTQ);
}

/** {@link octetsWritten}, exactly. Nothing may be written meanwhile. */
export function octetsWrittenExactly(fd: Fd): number {
  return stable(() => tcpInfo(fd).acknowledged, () => queued(fd, SIOCOUTQ))
    .reduce((sum, value) => sum + value);
}

/**
 * Octets ever read from `fd`, exactly. Nothing may be read meanwhile.
 *
 * Not for a socket in a BPF map, whose queue the kernel counts otherwise.
 */
export function octetsRead(fd: Fd): number {
  const [received, unread] = stable(
    () => tcpInfo(fd).received,
    () => queued(fd, SIOCINQ),
  );
  return received - unread;
}

/** `second` of a moment at which `first` did not change. */
function stable(
  first: () => number,
  second: () => number,
): readonly [number, number] {
  let before = first();
  for (;;) {
    const value = second();
    const after = first();
    if (before === after) return [after, value];
    before = after;
  }
}

function queued(fd: Fd, request: bigint): number {
  const value = new Uint8Array(4);
  if (syscalls.ioctl(fd, request, value) !== 0) {
    throw new SyscallError("read a socket's queue", errno());
  }
  return new DataView(value.buffer).getUint32(0, true);
}

/** A number that no other socket of this machine has or had, in 8 octets. */
export function socketCookie(fd: Fd): Uint8Array<ArrayBuffer> {
  const view = readOption(fd, [SOL_SOCKET, SO_COOKIE], 8);
  return new Uint8Array(view.buffer as ArrayBuffer);
}

/** Has the kernel look at what waits to be read as if it had just come. */
export function announceUnread(fd: Fd): void {
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, u32(1), 4);
}

/**
 * Lets the peer send so many octets that nobody has read: as many as the kernel
 * gives without being told how many, which it goes on to change by itself.
 */
export function widenReceiving(fd: Fd, octets: number): void {
  // The size that is asked for this way is not fixed, as SO_RCVBUF's would be.
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, u32(octets), 4);
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, u32(1), 4);
}

/**
 * Reads what is there.
 *
 * @returns octets read; 0 at the end; undefined when there is nothing yet.
 * @throws {SyscallError} when the connection is no more.
 */
export function receiveNow(
  fd: Fd,
  into: Uint8Array<ArrayBuffer>,
): number | undefined {
  const count = Number(libc.read(fd, into, BigInt(into.length)));
  if (count >= 0) return count;
  const code = errno();
  if (code === EAGAIN || code === EINTR) return undefined;
  throw new SyscallError("receive", code);
}

/** Ends the write half, once all that was written is out. */
export function endWriting(fd: Fd): void {
  libc.shutdown(fd, SHUT_WR);
}

/** Has the peer see a reset when the last descriptor closes. */
export function resetOnClose(fd: Fd): void {
  const noTime = new Uint8Array(Int32Array.of(1, 0).buffer);
  libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, noTime, noTime.length);
}

/**
 * Has the kernel take no more while that many octets wait to be sent; those on
 * their way do not count. Best effort.
 *
 * @see tcp(7), `TCP_NOTSENT_LOWAT`
 */
export function limitUnsent(fd: Fd, octets: number): void {
  libc.setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, u32(octets), 4);
}
