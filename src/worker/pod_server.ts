import { messageOf } from "../base/errors.ts";
import { formatAddress, type Ip } from "../model/address.ts";
import { DialError } from "../net/errors.ts";
import { ownLoad } from "../net/gathered_port.ts";
import { type Accepted, Listener } from "../net/listen.ts";
import { SessionSet } from "../net/session_set.ts";
import { TunnelPool } from "../net/tunnel_pool.ts";
import { ConnectionTable } from "../proxy/connection_table.ts";
import type { PodInfo, ProxyContext, ServedPod } from "../proxy/context.ts";
import { type DnsParts, DnsResolver, DnsServer } from "../proxy/dns/mod.ts";
import { CONNECTIONS_PER_POD_MAX } from "../proxy/limits.ts";
import { SOCKET_MARKS } from "../redirect/node/mod.ts";
import type { Fd } from "../sys/libc.ts";
import type { ListeningSocket } from "../sys/listening.ts";
import type { Logger } from "../telemetry/log.ts";
import { isDoneWithin } from "../net/in_time.ts";
import { CUT_MS, GATHERED_MAX } from "./limits.ts";
import type { WorkerSettings } from "./messages.ts";
import { INBOUND_HBONE_PORT, type Role } from "./worker_part.ts";

/** One worker's share of one pod: its listeners, connections and tunnels. */
export class PodServer implements ServedPod {
  readonly connections = new ConnectionTable();
  readonly inboundSessions = new SessionSet();
  readonly pool: TunnelPool;
  readonly #context: ProxyContext;
  readonly #log: Logger;
  readonly #netns: Fd | undefined;
  #listeners: Listener[] = [];
  #dns: DnsServer | undefined;
  readonly #resolver: DnsResolver | undefined;
  #stopped = false;
  /** Accepted connections that are not done, handshakes included. */
  readonly #serving = new Set<Promise<unknown>>();
  transparent = false;
  readonly deliveryMark: number | undefined;

  /**
   * Opens the pod's listeners.
   *
   * @throws {BindError} when one cannot be had; none is left open then.
   */
  constructor(
    context: ProxyContext,
    readonly info: PodInfo,
    netns: Fd | undefined,
    settings: WorkerSettings,
    roles: readonly Role[],
    dns?: DnsParts,
  ) {
    this.#context = context;
    this.#netns = netns;
    this.#log = context.log("proxy");
    this.pool = new TunnelPool(settings.pool);
    this.deliveryMark = info.ips && SOCKET_MARKS.delivery;
    this.#resolver = dns && new DnsResolver({
      ...dns,
      context,
      pod: info,
      podNetns: () => this.#resolverNetns(),
    });
    try {
      for (const role of rolesOf(info, roles)) {
        this.#listeners.push(this.#open(role, settings));
      }
      const named = info.own !== true && info.ips === undefined;
      this.#dns = named ? this.#openDns(settings) : undefined;
    } catch (reason) {
      this.#closeListeners();
      throw reason;
    }
    this.transparent = info.own !== true &&
      this.#listeners.every((l) => l.transparent);
  }

  #open(role: Role, settings: WorkerSettings): Listener {
    const { proxy, ipv6, reusePort, gather, transparent } = settings;
    const everywhere = ipv6 ? "::" : "0.0.0.0";
    const ip = (role.loopback ? "127.0.0.1" : everywhere) as Ip;
    const listener = Listener.open(
      {
        at: { ip, port: role.port },
        netns: this.netns,
        reusePort,
        gather: gather === true
          ? { isBusy: () => this.#hasItsShare() }
          : undefined,
        transparent,
        tuning: role.redirected ? proxy.tuning : {},
        redirected: role.redirected,
        mark: proxy.packetMark,
      },
      (accepted) => this.take(role, accepted),
      (reason) =>
        this.#log.warn("cannot take a connection", {
          component: role.component,
          error: messageOf(reason),
        }),
    );
    this.#log.info("listener established", {
      address: formatAddress({ ip, port: role.port }),
      component: role.component,
      transparent: listener.transparent,
    });
    return listener;
  }

  /** Connections last; all of them must not stay with whoever was idle once. */
  #hasItsShare(): boolean {
    const count = Math.max(this.connections.size, this.#accepted);
    return count >= GATHERED_MAX || ownLoad.isBusy();
  }

  /** Of its own listeners, those included that said nothing so far. */
  get #accepted(): number {
    return this.#serving.size + this.inboundSessions.size;
  }

  #openDns(settings: WorkerSettings): DnsServer | undefined {
    const listen = settings.dns?.listen;
    if (this.#resolver === undefined || listen === undefined) return undefined;
    return new DnsServer({
      listen,
      ipv6: settings.ipv6,
      netns: this.netns,
      mark: settings.proxy.packetMark,
      reusePort: settings.reusePort,
      log: this.#context.log("dns::server"),
    }, () => this.#resolver);
  }

  /** Who answers its queries, wherever they are taken. */
  get resolver(): DnsResolver | undefined {
    return this.#resolver;
  }

  /**
   * Where its queries are passed on from: its own namespace, or the node's when
   * nobody enters that. The node's rules leave the node's own queries alone.
   */
  #resolverNetns(): Fd | undefined {
    const { netns } = this;
    return this.info.ips === undefined ? netns : undefined;
  }

  lookUp(name: string, family: 4 | 6): Promise<readonly Ip[]> {
    return this.#resolver?.lookUp(name, family) ?? Promise.resolve([]);
  }

  /** Serves a connection, whoever accepted it. */
  take(role: Role, accepted: Accepted): void {
    const sockets = this.#context.traffic.socketsOpen(role.reporter);
    sockets.value++;
    accepted.whenGone(() => sockets.value--);
    const serving = this.#serve(role, accepted);
    this.#serving.add(serving);
    void serving.then(() => this.#serving.delete(serving));
  }

  /** One that the node's listeners serve shows itself by its own address. */
  sourceTo(to: Ip): Ip | undefined {
    const isV6 = to.includes(":");
    return this.info.ips?.find((ip) => ip.includes(":") === isV6);
  }

  #serve(role: Role, accepted: Accepted): Promise<unknown> {
    if (this.#accepted >= CONNECTIONS_PER_POD_MAX) {
      this.#refuse(role, accepted);
      return Promise.resolve();
    }
    return role.serve(this.#context, this, accepted).catch((reason) => {
      accepted.close();
      this.#log.error("cannot serve a connection", {
        component: role.component,
        error: messageOf(reason),
      });
    });
  }

  #refuse(role: Role, accepted: Accepted): void {
    const { peer, original, local } = accepted;
    accepted.close();
    this.#context.accessLog.failed({
      src: peer,
      dst: original ?? local,
      direction: role.reporter === "source" ? "outbound" : "inbound",
      error: `more than ${CONNECTIONS_PER_POD_MAX} connections`,
    });
  }

  /**
   * Where it dials from; read when dialling, not before something is awaited.
   *
   * @throws {DialError} once it is stopped: the descriptor's number may belong
   * to another pod by now.
   */
  get netns(): Fd | undefined {
    if (!this.#stopped) return this.#netns;
    throw new DialError(this.info.name, "aborted", "the pod is gone");
  }

  /** Its listening sockets, for when this thread cannot close them. */
  get listening(): ListeningSocket[] {
    const listeners = this.#listeners.map(({ socket }) => socket);
    return [...listeners, ...this.#dns?.listening ?? []];
  }

  /** Ends everything at once: the pod is gone. */
  stop(): void {
    this.#stopped = true;
    this.#closeListeners();
    this.#dns?.stop();
    this.connections.cancelAll("pod-removed");
    this.pool.destroy();
    this.inboundSessions.destroy();
  }

  /** Takes nothing new, lets what runs end, and cuts the rest. */
  async drain(graceMs: number): Promise<void> {
    this.#closeListeners();
    this.inboundSessions.drain();
    if (!await isDoneWithin(graceMs, this.#whenQuiet())) {
      this.#log.warn(
        "drain duration expired with pending connections, forcefully shutting down",
        { pod: `${this.info.namespace}/${this.info.name}` },
      );
    }
    // Names are answered for as long as there is anybody to ask for them.
    await isDoneWithin(CUT_MS, this.#dns?.drain() ?? Promise.resolve());
    this.#dns?.stop();
    this.connections.cancelAll("drain");
    // What was cut is yet to be told of, in log and metrics.
    await isDoneWithin(CUT_MS, this.connections.whenEmpty());
    this.pool.destroy();
    this.inboundSessions.destroy();
  }

  /** A tunnel without streams may have one on its way until its client has left. */
  async #whenQuiet(): Promise<void> {
    await Promise.all(this.#serving); // handshakes too, and who awaits a dial
    await this.inboundSessions.whenEmpty();
    await this.connections.whenEmpty();
    this.pool.drain(); // what was written last may still be on its way out
    await this.pool.whenEmpty();
  }

  #closeListeners(): void {
    for (const listener of this.#listeners.splice(0)) {
      listener[Symbol.dispose]();
    }
  }
}

/** Which listeners a pod has of its own. */
function rolesOf({ own, ips }: PodInfo, roles: readonly Role[]) {
  if (ips !== undefined) return [];
  return own ? roles.filter(isTunnelEnd) : roles;
}

const isTunnelEnd = ({ port }: Role): boolean => port === INBOUND_HBONE_PORT;
