import { messageOf } from "../base/errors.ts";
import { formatAddress, type Ip } from "../model/address.ts";
import { ownLoad } from "../net/gathered_port.ts";
import { isDoneWithin } from "../net/in_time.ts";
import { type Accepted, Listener } from "../net/listen.ts";
import type { ProxyContext } from "../proxy/context.ts";
import { DnsServer } from "../proxy/dns/mod.ts";
import { NODE_PORTS, SOCKET_MARKS } from "../redirect/node/mod.ts";
import type { Fd } from "../sys/libc.ts";
import type { ListeningSocket } from "../sys/listening.ts";
import { CUT_MS } from "./limits.ts";
import type { WorkerSettings } from "./messages.ts";
import type { PodServer } from "./pod_server.ts";
import type { Role } from "./worker_part.ts";

export interface NodeListenersOptions {
  readonly context: ProxyContext;
  readonly settings: WorkerSettings;
  readonly roles: readonly Role[];
  /** The proxy's own, to which the node's rules lead. */
  readonly netns: Fd | undefined;
  /** The pod of this node that has the address. */
  podAt(ip: Ip): PodServer | undefined;
}

/**
 * One worker's listeners for all pods of a node whose rules lead there, in the
 * proxy's own namespace. They are on loopback, which nothing from outside
 * reaches, and transparent, so that a connection's ends are those that the
 * application and its peer chose. A connection is the pod's whose address is
 * its near end: its source on the way out, its destination on the way in. One
 * that came otherwise than by the rules has no such pod, and is refused. The
 * same holds for queries of DNS, and who asks has the query's source address.
 */
export class NodeListeners implements Disposable {
  readonly #options: NodeListenersOptions;
  readonly #listeners: Listener[] = [];
  readonly #dns: DnsServer | undefined;

  /** @throws {BindError} when one cannot be had; none is left open then. */
  constructor(options: NodeListenersOptions) {
    this.#options = options;
    const { settings, roles } = options;
    const loopbacks = settings.ipv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
    try {
      for (const role of roles.filter(({ loopback }) => !loopback)) {
        for (const ip of loopbacks) {
          this.#listeners.push(this.#open(role, ip as Ip));
        }
      }
      this.#dns = this.#openDns();
    } catch (reason) {
      this[Symbol.dispose]();
      throw reason;
    }
  }

  /** For when this thread cannot close them. */
  get listening(): ListeningSocket[] {
    const listeners = this.#listeners.map(({ socket }) => socket);
    return [...listeners, ...this.#dns?.listening ?? []];
  }

  /** Closes what takes connections; names are still answered. */
  refuseNew(): void {
    for (const listener of this.#listeners.splice(0)) {
      listener[Symbol.dispose]();
    }
  }

  /** Takes no more queries; resolves when those that were are answered, or cut. */
  async drain(): Promise<void> {
    this.refuseNew();
    await isDoneWithin(CUT_MS, this.#dns?.drain() ?? Promise.resolve());
    this[Symbol.dispose]();
  }

  /** Ends what goes on for a pod that is gone. */
  forget({ resolver }: PodServer): void {
    if (resolver !== undefined) this.#dns?.forget(resolver);
  }

  [Symbol.dispose](): void {
    this.refuseNew();
    this.#dns?.stop();
  }

  #openDns(): DnsServer | undefined {
    const { context, settings, netns, podAt } = this.#options;
    if (settings.dns?.listen === undefined) return undefined;
    const { ipv6, reusePort } = settings;
    const listen = { host: "localhost", port: NODE_PORTS.dns };
    const mark = SOCKET_MARKS.outbound;
    const log = context.log("dns::server");
    return new DnsServer(
      { listen, ipv6, netns, mark, reusePort, anyAddress: true, log },
      (client) => podAt(client)?.resolver,
    );
  }

  #open(role: Role, ip: Ip): Listener {
    const { context, settings } = this.#options;
    const log = context.log("proxy");
    const at = { ip, port: role.port };
    const listener = Listener.open(
      {
        at,
        netns: this.#options.netns,
        reusePort: settings.reusePort,
        gather: settings.gather === true ? ownLoad : undefined,
        transparent: "require",
        tuning: role.redirected ? settings.proxy.tuning : {},
        redirected: false, // the ends are as they were chosen
        mark: markOf(role),
      },
      (accepted) => this.#dispatch(role, accepted),
      (reason) =>
        log.warn("cannot take a connection", {
          component: role.component,
          error: messageOf(reason),
        }),
    );
    log.info("listener established", {
      address: formatAddress(at),
      component: role.component,
      transparent: true,
    });
    return listener;
  }

  #dispatch(role: Role, accepted: Accepted): void {
    const { peer, local } = accepted;
    const isOutbound = role.reporter === "source";
    const ip = isOutbound ? peer.ip : local.ip;
    const pod = this.#options.podAt(ip);
    if (pod !== undefined) return pod.take(role, accepted);
    accepted.reset();
    this.#options.context.accessLog.failed({
      src: peer,
      dst: local,
      direction: isOutbound ? "outbound" : "inbound",
      error: `no enrolled pod of this node has address ${ip}`,
    });
  }
}

const markOf = ({ reporter }: Role): number =>
  reporter === "source" ? SOCKET_MARKS.outbound : SOCKET_MARKS.inbound;
