/** The TCP connections of a network namespace, by sock_diag(7). */
import { type Fd, SyscallError } from "./libc.ts";
import { Netlink } from "./netlink.ts";
import { AF_INET, AF_INET6 } from "./socket_address.ts";
import type { RawAddress } from "./sockets.ts";

const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const SOCK_DESTROY = 21;
const IPPROTO_TCP = 6;
const ENOENT = 2;
/** Also of a kernel that was built without CONFIG_INET_DIAG_DESTROY. */
const EOPNOTSUPP = 95;

/** `struct inet_diag_req_v2`, and where its `inet_diag_sockid` is. */
const REQUEST = { size: 56, protocol: 1, states: 4, id: 8 };
/** `struct inet_diag_msg`. */
const ANSWER = { size: 72, family: 0, id: 4 };
/** `struct inet_diag_sockid`. */
const ID = { size: 48, localPort: 0, peerPort: 2, local: 4, peer: 20 };

/** As in `tcp_states.h`: those in which octets of an application may still move. */
const OPEN_STATES = [
  1, // established
  4, // FIN_WAIT1
  5, // FIN_WAIT2
  8, // CLOSE_WAIT
  9, // LAST_ACK
  11, // CLOSING
].reduce((mask, state) => mask | 1 << state, 0);

/** One end of a connection, as its namespace has it. */
export interface TcpSocket {
  readonly local: RawAddress;
  readonly peer: RawAddress;
  /** What the kernel knows it by; of use in {@link TcpSockets.destroy} alone. */
  readonly id: SocketId;
}

interface SocketId {
  readonly family: number;
  readonly octets: Uint8Array;
}

/** Asks about one namespace. */
export class TcpSockets implements Disposable {
  readonly #netlink: Netlink;

  /** @throws {SyscallError} when the kernel has no sock_diag. */
  constructor(netns: Fd) {
    this.#netlink = new Netlink(netns, NETLINK_SOCK_DIAG);
  }

  /**
   * Connections that are open, of both families.
   *
   * @param max After these the rest is left out.
   * @throws {SyscallError} when the kernel does not tell.
   */
  list(max: number): TcpSocket[] {
    const sockets: TcpSocket[] = [];
    for (const family of [AF_INET, AF_INET6]) {
      const payload = new Uint8Array(REQUEST.size);
      payload[0] = family;
      payload[REQUEST.protocol] = IPPROTO_TCP;
      const view = new DataView(payload.buffer);
      view.setUint32(REQUEST.states, OPEN_STATES, true);
      const request = { type: SOCK_DIAG_BY_FAMILY, payload };
      for (const answer of this.#netlink.dump(request)) {
        const socket = decodeSocket(answer);
        if (socket !== undefined && sockets.length < max) sockets.push(socket);
      }
    }
    return sockets;
  }

  /**
   * Ends a connection: its peer gets a reset, and its program an error.
   *
   * @throws {SyscallError} when the kernel cannot or may not; none when it is
   * over already.
   */
  destroy({ id }: TcpSocket): void {
    const payload = new Uint8Array(REQUEST.size);
    payload[0] = id.family;
    payload[REQUEST.protocol] = IPPROTO_TCP;
    payload.set(id.octets, REQUEST.id);
    const error = this.#netlink.ask({ type: SOCK_DESTROY, payload });
    if (error === 0 || error === ENOENT) return;
    const about = error === EOPNOTSUPP
      ? "the kernel lacks CONFIG_INET_DIAG_DESTROY"
      : "";
    throw new SyscallError("destroy a TCP connection", error, about);
  }

  [Symbol.dispose](): void {
    this.#netlink[Symbol.dispose]();
  }
}

/** @returns undefined for what is no TCP socket of IPv4 or IPv6. */
export function decodeSocket(answer: Uint8Array): TcpSocket | undefined {
  const family = answer[ANSWER.family];
  if (answer.length < ANSWER.size) return undefined;
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const octets = answer.slice(ANSWER.id, ANSWER.id + ID.size);
  const view = new DataView(octets.buffer);
  const address = (ip: number, port: number): RawAddress => ({
    ip: octets.subarray(ip, ip + (family === AF_INET ? 4 : 16)),
    port: view.getUint16(port),
  });
  return {
    local: address(ID.local, ID.localPort),
    peer: address(ID.peer, ID.peerPort),
    id: { family, octets },
  };
}
