import type { PodHost, PodOrder } from "../control/pod_host.ts";
import { HairpinError, messageOf } from "../base/errors.ts";
import type { PodInfo } from "../proxy/context.ts";
import { closeFd, type Fd } from "../sys/libc.ts";
import { writeSysctl } from "../sys/sysctl.ts";
import { netnsId } from "../sys/netns.ts";
import type { PodMetrics } from "../telemetry/process_metrics.ts";
import type { Logger } from "../telemetry/log.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** The network namespace handed over is another pod's. */
export class NetnsOwnerError extends HairpinError {
  readonly code = "AGENT";
}

/** Stands for the namespace that this process runs in. */
const OWN_NETNS = "own";

interface Held {
  readonly info: PodInfo;
  readonly netns: Fd | undefined;
  /** Tells two namespaces apart. */
  readonly id: string;
  up: boolean;
}

/** A pod as the dump shows it. */
export interface HeldPod {
  readonly info: PodInfo;
  readonly up: boolean;
}

/** Names the pod that a namespace belongs to, when that is not the one given. */
export type FindOtherOwner = (pod: PodInfo, netns: Fd) => string | undefined;

/** The pods served by this process: owns their namespaces' descriptors. */
export class PodManager implements PodHost {
  readonly #workers: Pick<WorkerPool, "serve" | "stop">;
  readonly #metrics: PodMetrics;
  readonly #log: Logger;
  readonly #findOtherOwner: FindOtherOwner;
  readonly #pods = new Map<string, Held>();
  /** The last order for each pod that has one under way. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(
    workers: Pick<WorkerPool, "serve" | "stop">,
    metrics: PodMetrics,
    log: Logger,
    findOtherOwner: FindOtherOwner = () => undefined,
  ) {
    this.#workers = workers;
    this.#metrics = metrics;
    this.#log = log;
    this.#findOtherOwner = findOtherOwner;
  }

  running(): string[] {
    return [...this.#pods.values()].filter((p) => p.up).map((p) => p.info.uid);
  }

  list(): HeldPod[] {
    return [...this.#pods.values()].map(({ info, up }) => ({ info, up }));
  }

  /**
   * Serves a pod. The same pod in the same namespace is left as it is; in
   * another namespace it is replaced.
   *
   * @param order Its descriptor belongs to the manager from here on.
   * @throws {NetnsOwnerError} when the namespace is another pod's.
   * @throws {HairpinError} when its listeners cannot be opened.
   */
  add(order: PodOrder): Promise<void> {
    return this.#inTurn(order.uid, () => this.#add(order));
  }

  /** Ends a pod's connections and listeners at once; harmless when unknown. */
  remove(uid: string): Promise<void> {
    return this.#inTurn(uid, () => this.#remove(uid));
  }

  /** Orders for one pod are carried out one after the other. */
  #inTurn(uid: string, act: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(uid) ?? Promise.resolve()).then(act);
    const done = turn.catch(() => {}).then(() => {
      if (this.#turns.get(uid) === done) this.#turns.delete(uid);
    });
    this.#turns.set(uid, done);
    return turn;
  }

  async #add({ netns, ...info }: PodOrder): Promise<void> {
    const id = netns === undefined ? OWN_NETNS : netnsId(netns);
    const known = this.#pods.get(info.uid);
    if (known !== undefined && known.id === id) {
      if (netns !== undefined) closeFd(netns);
      return;
    }
    if (known !== undefined) await this.#remove(info.uid);
    const isShared = info.ips !== undefined;
    if (netns !== undefined && !isShared) this.#checkOrClose(info, netns, id);
    this.#log.info("pod received, starting proxy", fieldsOf(info));
    if (netns !== undefined) letListenersShare(netns);
    const held: Held = { info, netns, id, up: false };
    this.#pods.set(info.uid, held);
    this.#count();
    try {
      await this.#workers.serve(info, netns);
    } catch (reason) {
      this.#forget(held);
      throw reason;
    }
    held.up = true;
    this.#metrics.started.value++;
    this.#count();
  }

  /** @throws {HairpinError} having closed `netns`. */
  #checkOrClose(info: PodInfo, netns: Fd, id: string): void {
    try {
      this.#checkOwner(info, netns, id);
    } catch (reason) {
      closeFd(netns);
      throw reason;
    }
  }

  #checkOwner(info: PodInfo, netns: Fd, id: string): void {
    const holder = [...this.#pods.values()].find((held) => held.id === id);
    const owner = holder === undefined
      ? this.#findOtherOwner(info, netns)
      : `${holder.info.namespace}/${holder.info.name}`;
    if (owner === undefined) return;
    throw new NetnsOwnerError(
      `Cannot serve pod "${info.namespace}/${info.name}": its network namespace is pod "${owner}"'s`,
    );
  }

  async #remove(uid: string): Promise<void> {
    const held = this.#pods.get(uid);
    if (held === undefined) return;
    this.#log.info(
      "pod delete request, shutting down proxy",
      fieldsOf(held.info),
    );
    try {
      await this.#workers.stop(uid);
    } catch (reason) {
      this.#log.warn("a worker did not stop a pod", {
        error: messageOf(reason),
      });
    }
    if (held.up) this.#metrics.stopped.value++;
    this.#forget(held);
  }

  #forget(held: Held): void {
    this.#pods.delete(held.info.uid);
    if (held.netns !== undefined) closeFd(held.netns);
    this.#count();
  }

  #count(): void {
    const up = this.running().length;
    this.#metrics.active.value = up;
    this.#metrics.pending.value = this.#pods.size - up;
  }
}

/**
 * Lets connections that wait at a listener which closes move to another one of
 * the same port, of a worker or of the process that takes over. Without it they
 * would be reset; a kernel or container that refuses loses no more than that.
 */
const letListenersShare = (netns: Fd): boolean =>
  writeSysctl(netns, "net.ipv4.tcp_migrate_req", "1");

const fieldsOf = ({ uid, name, namespace }: PodInfo) => ({
  uid,
  name,
  namespace,
});
