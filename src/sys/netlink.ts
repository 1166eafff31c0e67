/** Netlink: questions to the kernel about one network namespace, answered at once. */
import { closeFd, EINTR, errno, type Fd, libc, SyscallError } from "./libc.ts";
import { inNetns } from "./netns.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0x80000;
const MSG_DONTWAIT = 0x40;
/** What the kernel puts into one answer at most, in octets; `ip` and `ss` read as much. */
const ANSWER_OCTETS_MAX = 32_768;

const HEADER_OCTETS = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_DUMP = 0x300;

export interface NetlinkRequest {
  readonly type: number;
  /** Beside those that say how it is answered. */
  readonly flags?: number;
  readonly payload: Uint8Array;
}

/** One message of an answer. */
export interface NetlinkMessage {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** A socket that asks about the namespace it was opened in. */
export class Netlink implements Disposable {
  readonly #fd: Fd;
  #sequence = 0;

  /** @throws {SyscallError} when the kernel does not speak the protocol. */
  constructor(netns: Fd, protocol: number) {
    this.#fd = inNetns(netns, () => {
      const fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol) as Fd;
      if (fd < 0) throw new SyscallError("open a netlink socket", errno());
      return fd;
    });
  }

  /** @returns 0 when it was done, else the kernel's errno. */
  ask(request: NetlinkRequest): number {
    this.#send(request, NLM_F_ACK);
    for (;;) {
      for (const { type, payload } of this.#receive()) {
        if (type === NLMSG_ERROR) return errorOf(payload);
      }
    }
  }

  /**
   * Everything that the kernel has of a kind.
   *
   * @throws {SyscallError} when it refuses.
   */
  *dump(request: NetlinkRequest): Generator<Uint8Array> {
    this.#send(request, NLM_F_DUMP);
    for (;;) {
      for (const { type, payload } of this.#receive()) {
        if (type === NLMSG_DONE) return;
        if (type !== NLMSG_ERROR) yield payload;
        else throw new SyscallError("ask over netlink", errorOf(payload));
      }
    }
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }

  #send({ type, flags = 0, payload }: NetlinkRequest, how: number): void {
    const message = encodeRequest({
      type,
      flags: flags | NLM_F_REQUEST | how,
      sequence: ++this.#sequence,
      payload,
    });
    const sent = libc.send(this.#fd, message, BigInt(message.length), 0);
    if (Number(sent) !== message.length) {
      throw new SyscallError("ask over netlink", errno());
    }
  }

  /** The kernel has answered when the question is sent, so that there is no wait. */
  #receive(): NetlinkMessage[] {
    const octets = new Uint8Array(ANSWER_OCTETS_MAX);
    const room = BigInt(octets.length);
    for (;;) {
      const count = Number(
        libc.recvfrom(this.#fd, octets, room, MSG_DONTWAIT, null, null),
      );
      if (count >= 0) return [...decodeMessages(octets.subarray(0, count))];
      const error = errno();
      if (error !== EINTR) throw new SyscallError("ask over netlink", error);
    }
  }
}

/** `struct nlmsghdr` and what it is of. */
export function encodeRequest({ type, flags, sequence, payload }: {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(HEADER_OCTETS + payload.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  message.set(payload, HEADER_OCTETS);
  return message;
}

/** The messages of one answer; what is cut off at its end is left out. */
export function* decodeMessages(octets: Uint8Array): Generator<NetlinkMessage> {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  for (let at = 0; at + HEADER_OCTETS <= octets.length;) {
    const length = view.getUint32(at, true);
    if (length < HEADER_OCTETS || at + length > octets.length) return;
    const payload = octets.subarray(at + HEADER_OCTETS, at + length);
    yield { type: view.getUint16(at + 4, true), payload };
    at += aligned(length);
  }
}

/** Netlink begins everything at a multiple of 4 octets. */
export const aligned = (octets: number): number => (octets + 3) & ~3;

/** `struct nlmsgerr` begins with an errno, negative. */
const errorOf = (payload: Uint8Array): number =>
  -new DataView(payload.buffer, payload.byteOffset).getInt32(0, true);
