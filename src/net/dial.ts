import { Socket } from "node:net";
import {
  formatAddress,
  type Ip,
  ipToBytes,
  type SocketAddress,
} from "../model/address.ts";
import { Recent } from "../model/recent.ts";
import { closeNoted, handedOver, noted } from "../sys/descriptor_ledger.ts";
import { describeErrno, type Fd, SyscallError } from "../sys/libc.ts";
import { inNetns } from "../sys/netns.ts";
import {
  isWritable,
  socketError,
  startConnect,
  type TcpTuning,
} from "../sys/sockets.ts";
import { BareTcpStream } from "./bare_tcp_stream.ts";
import { ownDescriptorOf } from "./descriptor.ts";
import { DialError } from "./errors.ts";
import { CONNECT_MS, WRITE_QUEUE_MAX } from "./limits.ts";
import type { ReleasableStream } from "./releasable_stream.ts";
import { openHandle } from "./tcp_handle.ts";
import { writableSockets } from "./writable_sockets.ts";

export interface DialOptions {
  /** Namespace to connect from; the process's own when absent. */
  readonly netns?: Fd | undefined;
  readonly mark?: number | undefined;
  readonly tuning: TcpTuning;
  /** Source address to show. Best effort; ignored when it is the target's own. */
  readonly from?: Ip;
  readonly signal?: GiveUp;
  /** Default {@link CONNECT_MS}. */
  readonly timeoutMs?: number;
}

/** How a dial is told to give up: what it needs of an AbortSignal, which is one. */
export interface GiveUp {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Addresses whose octets are kept: see {@link Recent}. */
const RECENT_ADDRESSES = 64;

const ECONNREFUSED = 111;
const ETIMEDOUT = 110;

/**
 * Opens a TCP connection.
 *
 * @returns a connected socket, half-open allowed, not read from yet.
 * @throws {DialError} when it cannot be had in time.
 */
export const dialTcp = async (
  to: SocketAddress,
  options: DialOptions,
): Promise<Socket> => adopt(await dialDescriptor(to, options));

/** {@link dialTcp}, for octets alone. */
export async function dialStream(
  to: SocketAddress,
  options: DialOptions,
): Promise<ReleasableStream> {
  const handle = openHandle(handedOver(await dialDescriptor(to, options)));
  const fd = ownDescriptorOf(handle);
  if (fd !== undefined) return new BareTcpStream(handle, fd);
  handle.close();
  throw new DialError(formatAddress(to), "failed", "no descriptor left");
}

async function dialDescriptor(
  to: SocketAddress,
  options: DialOptions,
): Promise<Fd> {
  if (options.signal?.aborted) throw givenUp(to);
  const fd = noted(start(to, options));
  try {
    // On loopback the answer is there by now, and nothing has to be waited for.
    if (!isWritable(fd)) await ended(fd, to, options);
    const code = socketError(fd);
    if (code !== 0) throw toDialError(to, code);
  } catch (reason) {
    closeNoted(fd);
    throw reason;
  }
  return fd;
}

/** Wraps a connected descriptor; the runtime owns it from here. */
function adopt(fd: Fd): Socket {
  // The runtime takes these options, its types do not name `fd` with marks.
  const options: Record<string, unknown> = {
    fd: handedOver(fd),
    allowHalfOpen: true,
    writableHighWaterMark: WRITE_QUEUE_MAX,
  };
  return new Socket(options);
}

function start(to: SocketAddress, options: DialOptions): Fd {
  const { netns, mark, tuning, from } = options;
  const open = () =>
    startConnect({
      to: { ip: octetsOf(to.ip), port: to.port },
      tuning,
      ...(mark === undefined ? {} : { mark }),
      ...(from === undefined || from === to.ip ? {} : { from: octetsOf(from) }),
    }).fd;
  try {
    return netns === undefined ? open() : inNetns(netns, open);
  } catch (reason) {
    if (!(reason instanceof SyscallError)) throw reason;
    throw toDialError(to, reason.errno);
  }
}

/** A pod's connections come from few addresses, and go to its own. */
const recentOctets = new Recent<Ip, Uint8Array>(RECENT_ADDRESSES);

function octetsOf(ip: Ip): Uint8Array {
  const known = recentOctets.get(ip);
  if (known !== undefined) return known;
  const made = ipToBytes(ip);
  recentOctets.set(ip, made);
  return made;
}

function toDialError(to: SocketAddress, code: number): DialError {
  const why = code === ECONNREFUSED
    ? "refused"
    : code === ETIMEDOUT
    ? "timeout"
    : "failed";
  return new DialError(formatAddress(to), why, describeErrno(code));
}

const givenUp = (to: SocketAddress) =>
  new DialError(formatAddress(to), "aborted", "given up");

const timedOut = (to: SocketAddress) =>
  new DialError(formatAddress(to), "timeout", "deadline has elapsed");

/** Resolves when the attempt has ended, either way; rejects when it must not go on. */
function ended(
  fd: Fd,
  to: SocketAddress,
  { signal, timeoutMs = CONNECT_MS }: DialOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      writableSockets.remove(fd);
      act();
    };
    const fail = (reason: DialError) => settle(() => reject(reason));
    const abort = () => fail(givenUp(to));
    const timer = setTimeout(() => fail(timedOut(to)), timeoutMs);
    signal?.addEventListener("abort", abort);
    writableSockets.whenWritable(fd, () => settle(resolve));
  });
}
