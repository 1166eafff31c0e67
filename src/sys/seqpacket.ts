/**
 * Unix SOCK_SEQPACKET sockets that carry whole packets, and descriptors with
 * them, which the runtime cannot do.
 *
 * Waiting happens in poll(2) on a pool thread; everything else is done on the
 * JavaScript thread without blocking, so that errno is right and no descriptor
 * arrives unseen. shutdown(2) wakes whoever waits.
 */
import {
  closeFd,
  cString,
  EAGAIN,
  EBADF,
  EINTR,
  EINVAL,
  errno,
  type Fd,
  libc,
  SyscallError,
} from "./libc.ts";
import { decodeRights, encodeRights, MessageBuffer } from "./message.ts";

const AF_UNIX = 1;
const SOCK_SEQPACKET_NONBLOCK_CLOEXEC = 5 | 0x800 | 0x80000;
const SOCK_NONBLOCK_CLOEXEC = 0x800 | 0x80000;
const SHUT_RDWR = 2;
const POLLIN = 1;
const POLLOUT = 4;
const MSG_CTRUNC = 0x8;
const MSG_TRUNC = 0x20;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
/** `sun_path` with its end. */
const PATH_MAX = 108;

/** Descriptors that one packet has room for; more truncate it. */
export const PACKET_FDS_MAX = 8;

/** Longest wait for a peer that does not read, in one {@link Seqpacket.send}. */
export const SEND_TIMEOUT_MS = 5_000;

/** One packet. Whoever receives it owns, and closes, its descriptors. */
export interface Packet {
  readonly octets: Uint8Array;
  readonly fds: readonly Fd[];
  /** Whether octets or descriptors were lost for want of room. */
  readonly truncated: boolean;
}

/** One end of a connection. */
export class Seqpacket implements Disposable {
  readonly #socket: PolledSocket;

  constructor(fd: Fd) {
    this.#socket = new PolledSocket(fd);
  }

  /**
   * Connects to a listener.
   *
   * @throws {SyscallError} when nobody listens there, or its queue is full.
   */
  static connect(path: string): Seqpacket {
    const address = encodeAddress(path);
    const fd = openSocket();
    if (libc.connect(fd, address, address.length) === 0) {
      return new Seqpacket(fd);
    }
    const error = new SyscallError("connect to", errno(), path);
    closeFd(fd);
    throw error;
  }

  /**
   * Waits for the next packet. One call at a time.
   *
   * @param sizeMax Octets there is room for; a longer packet is truncated.
   * @returns undefined at the end of the stream, also after {@link close}.
   * @throws {SyscallError} when the connection failed.
   */
  async receive(sizeMax: number): Promise<Packet | undefined> {
    for (;;) {
      if (this.#socket.closed) return undefined;
      const packet = receiveNow(this.#socket.fd, sizeMax);
      if (packet !== "later") return packet;
      await this.#socket.wait(POLLIN, -1);
    }
  }

  /**
   * Sends one packet, with descriptors that stay the caller's.
   *
   * @throws {SyscallError} when it could not be sent within
   * {@link SEND_TIMEOUT_MS}, or the connection is closed.
   */
  async send(octets: Uint8Array, fds: readonly Fd[] = []): Promise<void> {
    const untilMs = Date.now() + SEND_TIMEOUT_MS;
    while (!sendNow(this.#socket.openFd("send a packet"), octets, fds)) {
      const restMs = untilMs - Date.now();
      if (restMs <= 0) throw new SyscallError("send a packet", EAGAIN);
      await this.#socket.wait(POLLOUT, restMs);
    }
  }

  /** Ends the connection and every wait on it. Harmless when repeated. */
  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A socket that others connect to. */
export class SeqpacketListener implements Disposable {
  readonly #socket: PolledSocket;
  readonly #path: string;

  /**
   * Listens on a path, which must not exist.
   *
   * @throws {SyscallError} when it cannot.
   */
  constructor(path: string, backlog = 16) {
    const address = encodeAddress(path);
    const fd = openSocket();
    const failed = libc.bind(fd, address, address.length) !== 0 ||
      libc.listen(fd, backlog) !== 0;
    if (failed) {
      const error = new SyscallError("listen on", errno(), path);
      closeFd(fd);
      throw error;
    }
    this.#socket = new PolledSocket(fd);
    this.#path = path;
  }

  /**
   * Waits for the next connection. One call at a time.
   *
   * @returns undefined after {@link close}.
   * @throws {SyscallError} when it cannot be taken.
   */
  async accept(): Promise<Seqpacket | undefined> {
    for (;;) {
      if (this.#socket.closed) return undefined;
      const fd = libc.accept4(
        this.#socket.fd,
        null,
        null,
        SOCK_NONBLOCK_CLOEXEC,
      ) as Fd;
      if (fd >= 0) return new Seqpacket(fd);
      const error = errno();
      if (error !== EAGAIN && error !== EINTR) {
        throw new SyscallError("accept on", error, this.#path);
      }
      await this.#socket.wait(POLLIN, -1);
    }
  }

  /** Stops listening and ends the wait in {@link accept}. The path stays. */
  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A descriptor that is not closed, and so not used anew, while it is waited on. */
class PolledSocket {
  #waits = 0;
  closed = false;

  constructor(readonly fd: Fd) {}

  openFd(call: string): Fd {
    if (this.closed) throw new SyscallError(call, EBADF);
    return this.fd;
  }

  async wait(events: number, timeoutMs: number): Promise<void> {
    const entry = new DataView(new ArrayBuffer(8));
    entry.setInt32(0, this.fd, true);
    entry.setInt16(4, events, true);
    this.#waits++;
    try {
      // A failed or interrupted wait looks like one that is over: the caller
      // tries again, and learns from its own call what is wrong.
      await libc.poll_on_pool(
        new Uint8Array(entry.buffer),
        1n,
        Math.ceil(timeoutMs),
      );
    } finally {
      this.#waits--;
      this.#closeUnused();
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    libc.shutdown(this.fd, SHUT_RDWR);
    this.#closeUnused();
  }

  #closeUnused(): void {
    if (this.closed && this.#waits === 0) closeFd(this.fd);
  }
}

function openSocket(): Fd {
  const fd = libc.socket(AF_UNIX, SOCK_SEQPACKET_NONBLOCK_CLOEXEC, 0) as Fd;
  if (fd < 0) throw new SyscallError("open a unix socket", errno());
  return fd;
}

function encodeAddress(path: string): Uint8Array<ArrayBuffer> {
  const text = cString(path);
  if (text.length > PATH_MAX || text.indexOf(0) !== text.length - 1) {
    throw new SyscallError("use as the path of a socket", EINVAL, path);
  }
  const address = new Uint8Array(2 + text.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(text, 2);
  return address;
}

function receiveNow(fd: Fd, sizeMax: number): Packet | undefined | "later" {
  const message = new MessageBuffer(new Uint8Array(sizeMax), PACKET_FDS_MAX);
  const length = Number(libc.recvmsg(fd, message.header, MSG_CMSG_CLOEXEC));
  if (length < 0) {
    const error = errno();
    if (error === EAGAIN || error === EINTR) return "later";
    throw new SyscallError("receive a packet", error);
  }
  const fds = decodeRights(message.control());
  const truncated = (message.flags() & (MSG_TRUNC | MSG_CTRUNC)) !== 0;
  // A packet without a single octet cannot be told from the end, by nobody.
  if (length === 0 && fds.length === 0 && !truncated) return undefined;
  return { octets: message.data.subarray(0, length), fds, truncated };
}

/** Whether it was sent; false: there is no room yet. */
function sendNow(
  fd: Fd,
  octets: Uint8Array,
  fds: readonly Fd[],
): boolean {
  const message = new MessageBuffer(octets.slice(), encodeRights(fds));
  const sent = Number(libc.sendmsg(fd, message.header, MSG_NOSIGNAL));
  const error = errno();
  // A packet goes whole or not at all.
  if (sent === message.data.length) return true;
  if (error === EAGAIN || error === EINTR) return false;
  throw new SyscallError("send a packet", error);
}
