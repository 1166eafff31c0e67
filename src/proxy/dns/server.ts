import type { Socket } from "node:net";
import { messageOf } from "../../base/errors.ts";
import {
  formatAddress,
  type Ip,
  type SocketAddress,
} from "../../model/address.ts";
import type { Fd, ListeningSocket } from "../../net/handles.ts";
import { type Accepted, Listener } from "../../net/listen.ts";
import { hasIpv6Loopback } from "../../net/loopback.ts";
import { UdpSocket } from "../../net/udp_socket.ts";
import type { Logger } from "../../telemetry/log.ts";
import { TCP_CONNECTIONS_PER_POD_MAX } from "./limits.ts";
import type { DnsResolver } from "./resolver.ts";
import { serveTcp } from "./tcp_session.ts";

/** Where the DNS server of a pod listens. */
export interface DnsListen {
  /** An address, or `localhost` for the loopback of each family that the pod has. */
  readonly host: string;
  readonly port: number;
}

export interface DnsServerOptions {
  readonly listen: DnsListen;
  readonly ipv6: boolean;
  readonly netns: Fd | undefined;
  readonly mark: number | undefined;
  readonly reusePort: boolean;
  /**
   * Whether rules lead queries here as they were sent, so that answers come
   * from the addresses that were asked. Default false.
   */
  readonly anyAddress?: boolean;
  readonly log: Logger;
}

/** Answers the queries of one pod. */
export type Answerer = Pick<DnsResolver, "answer">;

/**
 * Whose queries they are.
 *
 * @returns undefined for a client that is not served.
 */
export type AnswererOf = (client: Ip) => Answerer | undefined;

/** A DNS server of one pod, or of several: UDP and TCP on the same addresses. */
export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #answererOf: AnswererOf;
  readonly #udp: UdpSocket[] = [];
  readonly #tcp: Listener[] = [];
  readonly #clients = new Map<Answerer, Set<Socket>>();
  /** Queries over UDP that are being answered. */
  readonly #answering = new Set<Promise<void>>();

  /**
   * Opens the sockets.
   *
   * @throws {BindError} when one cannot be had; none is left open then.
   */
  constructor(options: DnsServerOptions, answererOf: AnswererOf) {
    this.#options = options;
    this.#answererOf = answererOf;
    options.log.info("starting local DNS server", {
      address: `${options.listen.host}:${options.listen.port}`,
      component: "dns",
    });
    try {
      for (const at of addressesOf(options)) {
        this.#udp.push(this.#listenUdp(at));
        this.#tcp.push(this.#listenTcp(at));
      }
    } catch (reason) {
      this.stop();
      throw reason;
    }
  }

  /** Its sockets, for when this thread cannot close them. */
  get listening(): ListeningSocket[] {
    return [...this.#udp, ...this.#tcp].map(({ socket }) => socket);
  }

  /** Takes nothing new; resolves when what was asked by datagram is answered. */
  async drain(): Promise<void> {
    this.#options.log.info("shutting down the DNS server");
    for (const listener of this.#tcp.splice(0)) listener[Symbol.dispose]();
    for (const socket of this.#udp) socket.stopReceiving();
    await Promise.all(this.#answering);
    this.#options.log.info("dns server drained");
  }

  /** Ends everything at once. */
  stop(): void {
    for (const socket of this.#udp.splice(0)) socket[Symbol.dispose]();
    for (const listener of this.#tcp.splice(0)) listener[Symbol.dispose]();
    for (const answerer of [...this.#clients.keys()]) this.forget(answerer);
  }

  /** Ends the connections of a pod that is gone. */
  forget(answerer: Answerer): void {
    for (const client of this.#clients.get(answerer) ?? []) client.destroy();
    this.#clients.delete(answerer);
  }

  #listenUdp(at: SocketAddress): UdpSocket {
    const { log } = this.#options;
    const socket = UdpSocket.listen(at, this.#options, {
      onDatagram: (octets, from, asked) => {
        const answerer = this.#answererOf(from.ip);
        if (answerer === undefined) return;
        const answering = answerer.answer(octets, "udp").then((reply) => {
          if (reply !== undefined) socket.send(reply, from, asked);
        });
        this.#answering.add(answering);
        void answering.then(() => this.#answering.delete(answering));
      },
      onError: (reason) => {
        const error = messageOf(reason);
        log.debug("cannot take a query", { at: formatAddress(at), error });
      },
    });
    return socket;
  }

  #listenTcp(at: SocketAddress): Listener {
    const { log, netns, mark, reusePort, anyAddress } = this.#options;
    const transparent = anyAddress ? "require" : "off";
    return Listener.open(
      {
        ...{ at, netns, mark, reusePort, transparent },
        ...{ tuning: {}, redirected: false },
      },
      (accepted) => this.#take(accepted),
      (reason) => {
        const error = messageOf(reason);
        log.warn("cannot take a connection", { component: "dns", error });
      },
    );
  }

  #take({ socket, peer }: Accepted): void {
    const answerer = this.#answererOf(peer.ip);
    if (answerer === undefined) return void socket.destroy();
    const clients = this.#clients.get(answerer) ?? new Set();
    if (clients.size >= TCP_CONNECTIONS_PER_POD_MAX) {
      return void socket.destroy();
    }
    this.#clients.set(answerer, clients.add(socket));
    socket.on("close", () => {
      clients.delete(socket);
      const isLast = clients.size === 0;
      if (isLast && this.#clients.get(answerer) === clients) {
        this.#clients.delete(answerer);
      }
    });
    serveTcp(socket, answerer);
  }
}

function addressesOf(
  { listen, ipv6, netns, anyAddress = false }: DnsServerOptions,
): SocketAddress[] {
  const { host, port } = listen;
  if (host !== "localhost") return [{ ip: host as Ip, port }];
  const v4 = { ip: "127.0.0.1" as Ip, port };
  return ipv6 && (anyAddress || hasIpv6Loopback(netns))
    ? [v4, { ip: "::1" as Ip, port }]
    : [v4];
}
