import type { Ip } from "../model/address.ts";
import type { Fd } from "../sys/libc.ts";
import type { ListeningSocket } from "../sys/listening.ts";
import type { NodeListeners } from "./node_listeners.ts";
import type { PodServer } from "./pod_server.ts";

/** What tells the pods of a node apart. */
export type NodePod = Pick<PodServer, "info" | "netns">;

/** What serves them. */
export interface SharedListeners<Pod extends NodePod> extends
  Pick<
    NodeListeners,
    "listening" | "refuseNew" | "drain" | typeof Symbol.dispose
  > {
  forget(pod: Pod): void;
}

/** Opens the listeners, in a namespace, that serve whatever pod `podAt` finds. */
export type OpenListeners<Pod extends NodePod> = (
  netns: Fd | undefined,
  podAt: (ip: Ip) => Pod | undefined,
) => SharedListeners<Pod>;

/**
 * The pods of one worker that the node's own listeners serve, by address. The
 * listeners are open while there is one.
 */
export class NodePods<Pod extends NodePod = PodServer> {
  readonly #open: OpenListeners<Pod>;
  readonly #byIp = new Map<Ip, Pod>();
  #listeners: SharedListeners<Pod> | undefined;

  constructor(open: OpenListeners<Pod>) {
    this.#open = open;
  }

  /**
   * @returns the listeners that serve it; none for a pod that has its own.
   * @throws {BindError} when they cannot be had.
   */
  add(pod: Pod): readonly ListeningSocket[] {
    const { ips } = pod.info;
    if (ips === undefined) return [];
    this.#listeners ??= this.#open(pod.netns, (ip) => this.#byIp.get(ip));
    for (const ip of ips) this.#byIp.set(ip, pod);
    return this.#listeners.listening;
  }

  /** An address that has become another pod's stays that one's. */
  delete(pod: Pod): void {
    for (const ip of pod.info.ips ?? []) {
      if (this.#byIp.get(ip) === pod) this.#byIp.delete(ip);
    }
    this.#listeners?.forget(pod);
    if (this.#byIp.size === 0) this.#close();
  }

  /** Takes no new connections; what they accepted goes on, and names are answered. */
  refuseNew(): void {
    this.#listeners?.refuseNew();
  }

  /** Resolves when nothing more is asked and all is answered. */
  async drain(): Promise<void> {
    await this.#listeners?.drain();
  }

  #close(): void {
    this.#listeners?.[Symbol.dispose]();
    this.#listeners = undefined;
  }
}
