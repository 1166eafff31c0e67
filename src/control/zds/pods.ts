import type { CancelTimer, Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { closeFd, dupFd, type Fd } from "../../sys/libc.ts";
import { isNetns, netnsId, ownNetnsId } from "../../sys/netns.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { ZdsPod, ZdsRequest } from "../../wire/inpod/mod.ts";
import type { PodHost, PodOrder } from "../pod_host.ts";
import { StartError, ZdsViolation } from "./errors.ts";
import { PENDING_RETRY_MS, PODS_MAX } from "./limits.ts";

export interface AgentPodsOptions {
  readonly host: PodHost;
  readonly log: Pick<Logger, "debug" | "info">;
  readonly clock: Clock;
  /** Ready: the agent's snapshot is complete and every pod of it is served. */
  readonly onReadyChange: (ready: boolean) => void;
}

/** A pod as the agent announced it. Its descriptor is kept for another try. */
type Announced = Omit<PodOrder, "netns"> & { readonly netns: Fd };

/**
 * What an agent's requests mean for the pods served. Requests and retries take
 * turns, so that no two change a pod at the same time.
 */
export class AgentPods implements Disposable {
  readonly #options: AgentPodsOptions;
  /** Announced, not served. */
  readonly #pending = new Map<string, Announced>();
  /** Added or kept on this connection; undefined once that is complete. */
  #snapshot: Set<string> | undefined = new Set();
  #connected = false;
  #ready = false;
  #turn: Promise<unknown> = Promise.resolve();
  #cancelRetry: CancelTimer | undefined;
  #disposed = false;

  constructor(options: AgentPodsOptions) {
    this.#options = options;
  }

  /** A connection begins, and with it a new snapshot. Pods served stay. */
  begin(): Promise<void> {
    return this.#inTurn(() => {
      for (const uid of [...this.#pending.keys()]) this.#dropPending(uid);
      this.#snapshot = new Set();
      this.#connected = true;
      return Promise.resolve();
    });
  }

  /** The connection is gone. */
  end(): Promise<void> {
    return this.#inTurn(() => {
      this.#connected = false;
      return Promise.resolve();
    });
  }

  /**
   * Does what a request asks for.
   *
   * @param netns Of an "add": belongs to this object from here on.
   * @throws {StartError} when a pod is not served; it is tried again.
   * @throws {ZdsViolation} when the request breaks the protocol.
   */
  handle(request: ZdsRequest, netns: Fd | undefined): Promise<void> {
    return this.#inTurn(() => {
      switch (request.kind) {
        case "add":
          return this.#add(request.uid, request.pod, netns);
        case "keep":
          return this.#keep(request.uid);
        case "delete":
          return this.#delete(request.uid);
        case "snapshotSent":
          return this.#completeSnapshot();
        default:
          throw new Error(`unhandled: ${request satisfies never}`);
      }
    });
  }

  /** Stops trying. Pods served stay. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const uid of [...this.#pending.keys()]) this.#dropPending(uid);
    this.#cancelRetry?.();
  }

  async #add(uid: string, info?: ZdsPod, netns?: Fd): Promise<void> {
    if (netns === undefined) throw new ZdsViolation("No control message");
    try {
      if (info === undefined) throw new ZdsViolation("no workload info");
      this.#snapshot?.add(uid);
      this.#dropPending(uid);
      this.#check(uid, netns);
      await this.#start({ uid, ...info, netns: dupFd(netns) });
    } finally {
      closeFd(netns);
    }
  }

  /** What no other try can mend. */
  #check(uid: string, netns: Fd): void {
    if (uid === "") throw new StartError("the pod has no uid");
    if (!isNetns(netns)) {
      throw new StartError("the descriptor is no network namespace");
    }
    if (netnsId(netns) === ownNetnsId()) {
      throw new StartError("the network namespace is the proxy's own");
    }
    const running = this.#options.host.running();
    const count = running.length + this.#pending.size;
    if (count >= PODS_MAX && !running.includes(uid)) {
      throw new StartError(`${PODS_MAX} pods are served already`);
    }
  }

  async #start(pod: Announced): Promise<void> {
    try {
      await this.#options.host.add({ ...pod, netns: dupFd(pod.netns) });
    } catch (reason) {
      this.#keepPending(pod);
      throw new StartError(messageOf(reason), { cause: reason });
    }
    this.#pending.delete(pod.uid);
    closeFd(pod.netns);
  }

  #keep(uid: string): Promise<void> {
    if (this.#snapshot === undefined) {
      throw new ZdsViolation("pod keep received after the snapshot");
    }
    this.#options.log.info(
      "pod keep received. will not delete it when snapshot is sent",
      { uid },
    );
    this.#snapshot.add(uid);
    return Promise.resolve();
  }

  async #delete(uid: string): Promise<void> {
    this.#dropPending(uid);
    if (this.#snapshot === undefined) {
      await this.#options.host.remove(uid);
    } else {
      // A pod still served is removed when the snapshot is complete.
      this.#snapshot.delete(uid);
    }
  }

  async #completeSnapshot(): Promise<void> {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) {
      throw new ZdsViolation("a second snapshot was sent");
    }
    this.#options.log.info("received snapshot sent");
    const gone = this.#options.host.running()
      .filter((uid) => !snapshot.has(uid));
    this.#snapshot = undefined;
    await Promise.all(gone.map((uid) => this.#options.host.remove(uid)));
  }

  #keepPending(pod: Announced): void {
    if (this.#disposed) return closeFd(pod.netns);
    this.#pending.set(pod.uid, pod);
    this.#scheduleRetry();
  }

  #dropPending(uid: string): void {
    const pod = this.#pending.get(uid);
    if (pod === undefined) return;
    this.#pending.delete(uid);
    closeFd(pod.netns);
  }

  #scheduleRetry(): void {
    if (this.#cancelRetry !== undefined) return;
    const { clock, log } = this.#options;
    log.info("scheduling retry", { uids: [...this.#pending.keys()].join() });
    this.#cancelRetry = clock.setTimer(PENDING_RETRY_MS, () => {
      this.#cancelRetry = undefined;
      void this.#inTurn(() => this.#retry());
    });
  }

  async #retry(): Promise<void> {
    for (const pod of [...this.#pending.values()]) {
      this.#options.log.info("retrying workload", { uid: pod.uid });
      try {
        await this.#start(pod);
      } catch (reason) {
        this.#options.log.info("retrying workload failed", {
          uid: pod.uid,
          error: messageOf(reason),
        });
      }
    }
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(run).finally(() => this.#tellReady());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #tellReady(): void {
    const ready = this.#connected && this.#snapshot === undefined &&
      this.#pending.size === 0;
    if (ready === this.#ready) return;
    this.#ready = ready;
    this.#options.onReadyChange(ready);
  }
}
