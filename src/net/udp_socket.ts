import { messageOf } from "../base/errors.ts";
import {
  formatAddress,
  type Ip,
  ipFromBytes,
  ipToBytes,
  type SocketAddress,
} from "../model/address.ts";
import { closeNoted, noted } from "../sys/descriptor_ledger.ts";
import type { Fd } from "../sys/libc.ts";
import { type ListeningSocket, listeningSocket } from "../sys/listening.ts";
import { inNetns } from "../sys/netns.ts";
import {
  openUdp,
  receiveDatagram,
  sendDatagram,
  stopReceiving,
  type UdpOptions,
} from "../sys/udp.ts";
import { receiveAddressed, sendFrom } from "../sys/udp_any.ts";
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

/** How a socket that is bound takes datagrams. */
export interface UdpListening extends UdpPlace {
  readonly reusePort: boolean;
  /** Whether what a rule leads to it may be for any address. Default false. */
  readonly anyAddress?: boolean;
}

/** Told what arrives at a {@link UdpSocket}. */
export interface UdpReceiver {
  /** @param at The address it was sent to, where that may be any. */
  onDatagram(octets: Uint8Array, from: SocketAddress, at?: Ip): void;
  /** The kernel's words, such as that the other end is not there. */
  onError(reason: unknown): void;
}

/** A UDP socket, bound or connected; it owns its descriptor. */
export class UdpSocket implements Disposable {
  readonly #fd: Fd;
  readonly #receiver: UdpReceiver;
  readonly #anyAddress: boolean;
  #closed = false;

  private constructor(fd: Fd, receiver: UdpReceiver, anyAddress = false) {
    this.#fd = noted(fd);
    this.#receiver = receiver;
    this.#anyAddress = anyAddress;
    try {
      readableSockets.add(fd, () => this.#receive());
    } catch (reason) {
      closeNoted(fd);
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
    { reusePort, anyAddress = false, ...place }: UdpListening,
    receiver: UdpReceiver,
  ): UdpSocket {
    try {
      const raw = { ip: ipToBytes(at.ip), port: at.port };
      const options = { at: raw, reusePort, anyAddress };
      return UdpSocket.#open(options, place, receiver);
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
    const anyAddress = "at" in options && options.anyAddress;
    return new UdpSocket(fd, receiver, anyAddress);
  }

  /** For when this thread cannot close it. */
  get socket(): ListeningSocket {
    return { ...listeningSocket(this.#fd), datagrams: true };
  }

  /**
   * Sends one datagram, or drops it when there is no room.
   *
   * @param to Absent for a connected socket.
   * @param from The address it shows, for a socket of any address.
   */
  send(octets: Uint8Array, to?: SocketAddress, from?: Ip): boolean {
    if (this.#closed) return false;
    const raw = to && { ip: ipToBytes(to.ip), port: to.port };
    return raw === undefined || from === undefined
      ? sendDatagram(this.#fd, octets, raw)
      : sendFrom(this.#fd, octets, raw, ipToBytes(from));
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
    closeNoted(this.#fd);
  }

  /** @returns whether there was one. */
  #receiveOne(): boolean {
    const datagram = this.#anyAddress
      ? receiveAddressed(this.#fd)
      : receiveDatagram(this.#fd);
    if (datagram === undefined) return false;
    const { octets, from, at } = datagram;
    this.#receiver.onDatagram(octets, fromRaw(from), at && ipFromBytes(at));
    return true;
  }

  #receive(most = DATAGRAMS_PER_TURN_MAX): void {
    try {
      for (let taken = 0; taken < most && !this.#closed; taken++) {
        if (!this.#receiveOne()) return;
      }
    } catch (reason) {
      this.#receiver.onError(reason);
    }
  }
}
