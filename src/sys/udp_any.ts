/**
 * UDP sockets that take what was sent to any address, and answer from there:
 * what a rule leads to them keeps the address that its sender chose.
 */
import { EAGAIN, EINTR, errno, type Fd, libc, SyscallError } from "./libc.ts";
import {
  controlSize,
  decodeControl,
  encodeControl,
  MessageBuffer,
} from "./message.ts";
import {
  decodeSockaddr,
  encodeSockaddr,
  SOCKADDR_IN6_SIZE,
} from "./socket_address.ts";
import type { RawAddress } from "./sockets.ts";
import { type Datagram, DATAGRAM_MAX } from "./udp.ts";

const SOL_IP = 0;
const IP_PKTINFO = 8;
const SOL_IPV6 = 41;
const IPV6_PKTINFO = 50;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;

/** `struct in_pktinfo`: interface, address to answer from, address asked. */
const IN_PKTINFO_SIZE = 12;
const OFFSET_OF_SPEC_DST = 4;
const OFFSET_OF_ADDR = 8;
/** `struct in6_pktinfo`: address, interface. */
const IN6_PKTINFO_SIZE = 20;

/** Room for either of the two. */
const CONTROL_SIZE = controlSize(IN6_PKTINFO_SIZE);

const room = new Uint8Array(DATAGRAM_MAX);

/**
 * Takes the next datagram, with the address that it was sent to.
 *
 * @returns undefined when there is none now.
 * @throws {SyscallError} in the kernel's words.
 */
export function receiveAddressed(fd: Fd): Datagram | undefined {
  const name = new Uint8Array(SOCKADDR_IN6_SIZE);
  const control = new Uint8Array(CONTROL_SIZE);
  const message = new MessageBuffer(room, control, name);
  const length = Number(
    libc.recvmsg(fd, message.header, MSG_DONTWAIT_NOSIGNAL),
  );
  if (length < 0) {
    const code = errno();
    if (code === EAGAIN || code === EINTR) return undefined;
    throw new SyscallError("receive", code);
  }
  const from = decodeSockaddr(name);
  const at = decodePacketInfo(message.control());
  if (from === undefined || at === undefined) return undefined;
  return { octets: room.slice(0, length), from, at };
}

/**
 * Sends one datagram that shows another's address, or drops it when the kernel
 * has no room.
 *
 * @param from The address it shows, of the family of `to`.
 * @returns whether the kernel took it.
 */
export function sendFrom(
  fd: Fd,
  octets: Uint8Array,
  to: RawAddress,
  from: Uint8Array,
): boolean {
  const message = new MessageBuffer(
    octets as Uint8Array<ArrayBuffer>,
    encodePacketInfo(from),
    encodeSockaddr(to.ip, to.port),
  );
  const sent = libc.sendmsg(fd, message.header, MSG_DONTWAIT_NOSIGNAL);
  return Number(sent) === octets.length;
}

/**
 * A control message that names the address to send from.
 *
 * @param ip 4 or 16 octets.
 * @see ip(7), IP_PKTINFO; RFC 3542, section 6.1
 */
export function encodePacketInfo(ip: Uint8Array): Uint8Array<ArrayBuffer> {
  if (ip.length === 4) {
    const data = new Uint8Array(IN_PKTINFO_SIZE);
    data.set(ip, OFFSET_OF_SPEC_DST);
    return encodeControl({ level: SOL_IP, kind: IP_PKTINFO, data });
  }
  const data = new Uint8Array(IN6_PKTINFO_SIZE);
  data.set(ip);
  return encodeControl({ level: SOL_IPV6, kind: IPV6_PKTINFO, data });
}

/** The address that the first control message tells of, if it tells of one. */
export function decodePacketInfo(
  control: Uint8Array,
): Uint8Array | undefined {
  const [first] = decodeControl(control);
  if (first === undefined) return undefined;
  const { level, kind, data } = first;
  if (level === SOL_IP && kind === IP_PKTINFO) {
    if (data.length < IN_PKTINFO_SIZE) return undefined;
    return data.slice(OFFSET_OF_ADDR, IN_PKTINFO_SIZE);
  }
  if (level === SOL_IPV6 && kind === IPV6_PKTINFO) {
    return data.length < IN6_PKTINFO_SIZE ? undefined : data.slice(0, 16);
  }
  return undefined;
}
