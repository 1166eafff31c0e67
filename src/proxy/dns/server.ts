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
  readonly log: Logger;
}

/** The DNS server of one pod: UDP and TCP on the same addresses. */
export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #resolver: DnsResolver;
  readonly #udp: UdpSocket[] = [];
  readonly #tcp: Listener[] = [];
  readonly #clients = new Set<Accepted["socket"]>();
  /** Queries over UDP that are being answered. */
  readonly #answering = new Set<Promise<void>>();

  /**
   * Opens the sockets.
   *
   * @throws {BindError} when one cannot be had; none is left open then.
   */
  constructor(options: DnsServerOptions, resolver: DnsResolver) {
    this.#options = options;
    this.#resolver = resolver;
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
    for (const client of this.#clients) client.destroy();
  }

  #listenUdp(at: SocketAddress): UdpSocket {
    const { log } = this.#options;
    const socket = UdpSocket.listen(at, this.#options, {
      onDatagram: (octets, from) => {
        const answering = this.#resolver.answer(octets, "udp").then((reply) => {
          if (reply !== undefined) socket.send(reply, from);
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
    const { log, netns, mark, reusePort } = this.#options;
    const kind = { transparent: "off", tuning: {}, redirected: false } as const;
    return Listener.open(
      { at, netns, mark, reusePort, ...kind },
      ({ socket }) => {
        if (this.#clients.size >= TCP_CONNECTIONS_PER_POD_MAX) {
          return void socket.destroy();
        }
        this.#clients.add(socket);
        socket.on("close", () => this.#clients.delete(socket));
        serveTcp(socket, this.#resolver);
      },
      (reason) => {
        const error = messageOf(reason);
        log.warn("cannot take a connection", { component: "dns", error });
      },
    );
  }
}

function addressesOf(
  { listen, ipv6, netns }: DnsServerOptions,
): SocketAddress[] {
  const { host, port } = listen;
  if (host !== "localhost") return [{ ip: host as Ip, port }];
  const v4 = { ip: "127.0.0.1" as Ip, port };
  return ipv6 && hasIpv6Loopback(netns)
    ? [v4, { ip: "::1" as Ip, port }]
    : [v4];
}
