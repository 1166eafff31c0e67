import { messageOf } from "../base/errors.ts";
import {
  formatAddress,
  ipToBytes,
  type SocketAddress,
} from "../model/address.ts";
import { closeFd, type Fd } from "../sys/libc.ts";
import { type ListeningSocket, listeningSocket } from "../sys/listening.ts";
import { inNetns } from "../sys/netns.ts";
import {
  openUdp,
  receiveDatagram,
  sendDatagram,
  stopReceiving,
  type UdpOptions,
} from "../sys/udp.ts";
import { fromRaw } from "./addresses.ts";
import { BindError } from "./errors.ts";
import { readableSockets } from "./readable_sockets.ts";
import { DATAGRAMS_PER_TURN_MAX } from "./udp_limits.ts";

/** Where a socket is opened, and with which mark. */
export interface UdpPlace {
  /** The process's own namespace when absent. */
  readonly netns?: Fd | undefined;
  readonly mark?: number | undefined;
}

/** Told what arrives at a {@link UdpSocket}. */
export interface UdpReceiver {
  onDatagram(octets: Uint8Array, from: SocketAddress): void;
  /** The kernel's words, such as that the other end is not there. */
  onError(reason: unknown): void;
}

/** A UDP socket, bound or connected; it owns its descriptor. */
export class UdpSocket implements Disposable {
  readonly #fd: Fd;
  readonly #receiver: UdpReceiver;
  #closed = false;

  private constructor(fd: Fd, receiver: UdpReceiver) {
    this.#fd = fd;
    this.#receiver = receiver;
    try {
      readableSockets.add(fd, () => this.#receive());
    } catch (reason) {
      closeFd(fd);
      throw reason;
    }
  }

  /**
   * Takes datagrams at an address.
   *
   * @throws {BindError} when the address cannot be had.
   */
  static listen(
    at: SocketAddress,
    { reusePort, ...place }: UdpPlace & { readonly reusePort: boolean },
    receiver: UdpReceiver,
  ): UdpSocket {
    try {
      const raw = { ip: ipToBytes(at.ip), port: at.port };
      return UdpSocket.#open({ at: raw, reusePort }, place, receiver);
    } catch (reason) {
      throw new BindError(formatAddress(at), messageOf(reason));
    }
  }

  /**
   * Speaks with one address only, from a port drawn at random; nobody else's
   * datagrams come in.
   *
   * @throws {SyscallError} when the kernel knows no way there.
   */
  static connect(
    to: SocketAddress,
    place: UdpPlace,
    receiver: UdpReceiver,
  ): UdpSocket {
    const raw = { ip: ipToBytes(to.ip), port: to.port };
    return UdpSocket.#open({ to: raw }, place, receiver);
  }

  static #open(
    options: UdpOptions,
    { netns, mark }: UdpPlace,
    receiver: UdpReceiver,
  ): UdpSocket {
    const open = () => openUdp({ ...options, mark });
    const fd = netns === undefined ? open() : inNetns(netns, open);
    return new UdpSocket(fd, receiver);
  }

  /** For when this thread cannot close it. */
  get socket(): ListeningSocket {
    return { ...listeningSocket(this.#fd), datagrams: true };
  }

  /**
   * Sends one datagram, or drops it when there is no room.
   *
   * @param to Absent for a connected socket.
   */
  send(octets: Uint8Array, to?: SocketAddress): boolean {
    if (this.#closed) return false;
    const raw = to && { ip: ipToBytes(to.ip), port: to.port };
    return sendDatagram(this.#fd, octets, raw);
  }

  /** Takes what has arrived, and nothing after that; it can still send. */
  stopReceiving(): void {
    if (this.#closed) return;
    stopReceiving(this.#fd);
    this.#receive(Infinity);
    if (!this.#closed) readableSockets.remove(this.#fd);
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    readableSockets.remove(this.#fd);
    closeFd(this.#fd);
  }

  #receive(most = DATAGRAMS_PER_TURN_MAX): void {
    try {
      for (let taken = 0; taken < most && !this.#closed; taken++) {
        const datagram = receiveDatagram(this.#fd);
        if (datagram === undefined) return;
        this.#receiver.onDatagram(datagram.octets, fromRaw(datagram.from));
      }
    } catch (reason) {
      this.#receiver.onError(reason);
    }
  }
}
