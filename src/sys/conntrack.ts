/** Entries of connection tracking, by ctnetlink. */
import { joined } from "../base/octets.ts";
import { EEXIST, type Fd, SyscallError } from "./libc.ts";
import { aligned, Netlink } from "./netlink.ts";
import { AF_INET, AF_INET6 } from "./socket_address.ts";
import type { RawAddress } from "./sockets.ts";

const NETLINK_NETFILTER = 12;
/** `NFNL_SUBSYS_CTNETLINK` and `IPCTNL_MSG_CT_NEW`. */
const CT_NEW = 1 << 8 | 0;
const NLM_F_EXCL_CREATE = 0x200 | 0x400;
const NESTED = 0x8000;

/** Attributes of an entry, by level. */
const CTA = {
  tupleOrig: 1,
  tupleReply: 2,
  status: 3,
  protoInfo: 4,
  timeout: 7,
};
const TUPLE = { ip: 1, protocol: 2 };
const IP_V4 = { source: 1, destination: 2 };
const IP_V6 = { source: 3, destination: 4 };
const PROTOCOL = { number: 1, sourcePort: 2, destinationPort: 3 };
const PROTO_INFO_TCP = 1;
const TCP = { state: 1, flagsOrig: 4, flagsReply: 5 };

const IPPROTO_TCP = 6;
/** A reply was seen, it is assured, and it is in the table. */
const STATUS = 0x2 | 0x4 | 0x8;
const TCP_ESTABLISHED = 3;
/** Nobody saw which octets were sent so far, so that none can be out of a window. */
const BE_LIBERAL = 0x08;
/** What the kernel gives a connection that stands still, in seconds: 5 days. */
const ESTABLISHED_SECONDS = 432_000;

export interface TrackedConnection {
  readonly local: RawAddress;
  readonly peer: RawAddress;
}

/** Adds to the table of one namespace. */
export class Conntrack implements Disposable {
  readonly #netlink: Netlink;

  /** @throws {SyscallError} when the kernel has no netfilter. */
  constructor(netns: Fd) {
    this.#netlink = new Netlink(netns, NETLINK_NETFILTER);
  }

  /**
   * Has an open TCP connection be a known one, as it is: whatever translates
   * new connections from now on leaves it alone.
   *
   * @throws {SyscallError} when the kernel cannot; none when it knows it.
   */
  track(connection: TrackedConnection): void {
    const payload = encodeEntry(connection);
    const request = { type: CT_NEW, flags: NLM_F_EXCL_CREATE, payload };
    const error = this.#netlink.ask(request);
    if (error !== 0 && error !== EEXIST) {
      throw new SyscallError("track a TCP connection", error);
    }
  }

  [Symbol.dispose](): void {
    this.#netlink[Symbol.dispose]();
  }
}

/** `struct nfgenmsg` and the attributes of an established connection. */
export function encodeEntry(
  { local, peer }: TrackedConnection,
): Uint8Array<ArrayBuffer> {
  const tcp = nested(PROTO_INFO_TCP, [
    attribute(TCP.state, [TCP_ESTABLISHED]),
    attribute(TCP.flagsOrig, [BE_LIBERAL, BE_LIBERAL]),
    attribute(TCP.flagsReply, [BE_LIBERAL, BE_LIBERAL]),
  ]);
  return joined([
    Uint8Array.of(local.ip.length === 4 ? AF_INET : AF_INET6, 0, 0, 0),
    nested(CTA.tupleOrig, tuple(local, peer)),
    nested(CTA.tupleReply, tuple(peer, local)),
    attribute(CTA.status, u32(STATUS)),
    attribute(CTA.timeout, u32(ESTABLISHED_SECONDS)),
    nested(CTA.protoInfo, [tcp]),
  ]);
}

function tuple(from: RawAddress, to: RawAddress): Uint8Array[] {
  const ip = from.ip.length === 4 ? IP_V4 : IP_V6;
  return [
    nested(TUPLE.ip, [
      attribute(ip.source, from.ip),
      attribute(ip.destination, to.ip),
    ]),
    nested(TUPLE.protocol, [
      attribute(PROTOCOL.number, [IPPROTO_TCP]),
      attribute(PROTOCOL.sourcePort, u16(from.port)),
      attribute(PROTOCOL.destinationPort, u16(to.port)),
    ]),
  ];
}

const nested = (type: number, children: readonly Uint8Array[]): Uint8Array =>
  attribute(type | NESTED, joined(children));

/** `struct nlattr`, its value, and what fills it up. */
function attribute(type: number, value: ArrayLike<number>): Uint8Array {
  const length = 4 + value.length;
  const octets = new Uint8Array(aligned(length));
  const view = new DataView(octets.buffer);
  view.setUint16(0, length, true);
  view.setUint16(2, type, true);
  octets.set(value, 4);
  return octets;
}

/** In the network's order, as ctnetlink has its numbers. */
const u16 = (value: number): number[] => [value >> 8, value & 0xff];
const u32 = (value: number): number[] => [
  ...u16(value >>> 16),
  ...u16(value & 0xffff),
];
