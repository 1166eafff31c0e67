/** Enrols the pods of this node without an agent: opens, serves, redirects. */
import { messageOf } from "../base/errors.ts";
import type { Ip } from "../model/address.ts";
import type { NodePod } from "../kube/mod.ts";
import { type HostRules, removeRedirect } from "../redirect/mod.ts";
import { closeFd, dupFd } from "../sys/libc.ts";
import { netnsId, openNetns, ownNetnsId } from "../sys/netns.ts";
import type { PodHost } from "./pod_host.ts";
import {
  differenceOf,
  fieldsOf,
  mendPod,
  type PlacedPod,
  placeOf,
  type PodRedirectionOptions,
  redirectPod,
} from "./pod_redirection.ts";
import { removeRedirectAt } from "./remove_redirect_at.ts";

/** Between two tries of pods that could not be enrolled, as ztunnel retries. */
export const ENROL_RETRY_MS = 5_000;

export interface SelfEnrolmentOptions extends PodRedirectionOptions {
  readonly host: PodHost;
  readonly hostRules: Pick<HostRules, "sync">;
  /** Told after every turn, also of those that it takes by itself. */
  onTurn?(failing: ReadonlyMap<string, string>): void;
  /** Default {@link ENROL_RETRY_MS}. */
  readonly retryMs?: number;
}

/** Its descriptor is our own: rules are removed through it, whoever else closes theirs. */
type Enrolled = PlacedPod;

/**
 * Brings the pods that are served and redirected in line with those that should
 * be. A pod is served before its rules lead traffic there, and its rules are
 * gone before it is no longer served. A pod that fails half-way is as it was:
 * open, or closed to anything but a proxy where it was redirected or stopped
 * before, by whomever; it is tried again. While a pod is wanted nothing opens
 * it. Rules that somebody else changed are put back.
 */
export class SelfEnrolment implements Disposable {
  readonly #options: SelfEnrolmentOptions;
  readonly #enrolled = new Map<string, Enrolled>();
  /** Pods that failed, and that may hold rules from before. */
  readonly #unfinished = new Map<string, NodePod>();
  #wanted: readonly NodePod[] = [];
  #failing = new Map<string, string>();
  #turn: Promise<void> = Promise.resolve();
  /** The turn that has not begun yet: it does for everybody who asks meanwhile. */
  #next: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(options: SelfEnrolmentOptions) {
    this.#options = options;
  }

  /** Pods that should be enrolled and are not, with the reason. */
  get failing(): ReadonlyMap<string, string> {
    return this.#failing;
  }

  /** {@link netnsId} of the namespace in which a pod is served and redirected. */
  capturedIn(uid: string): string | undefined {
    const enrolled = this.#enrolled.get(uid);
    return enrolled === undefined ? undefined : netnsId(enrolled.netns);
  }

  /**
   * What is other than it should be in an enrolled pod's redirection, if anything is.
   *
   * @throws {RedirectError} when that cannot be seen.
   */
  async differenceOf(uid: string): Promise<string | undefined> {
    const enrolled = this.#enrolled.get(uid);
    return enrolled && await differenceOf(enrolled, this.#options);
  }

  /** Resolves when every pod has been tried once. */
  reconcile(wanted: readonly NodePod[]): Promise<void> {
    this.#wanted = wanted;
    this.#turn = this.#next ??= this.#turn.then(() => {
      this.#next = undefined;
      return this.#run();
    });
    return this.#turn;
  }

  /** Stops trying; what is enrolled stays so, closed to anything but a proxy. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#retry);
    void this.#turn.then(() => {
      for (const { netns } of this.#enrolled.values()) closeFd(netns);
      this.#enrolled.clear();
    });
  }

  async #run(): Promise<void> {
    if (this.#disposed) return;
    clearTimeout(this.#retry);
    await this.#reconcileAll();
    this.#options.onTurn?.(this.#failing);
    if (this.#failing.size === 0 || this.#disposed) return;
    const { retryMs = ENROL_RETRY_MS } = this.#options;
    this.#retry = setTimeout(
      () => void this.reconcile(this.#wanted),
      retryMs,
    );
  }

  async #reconcileAll(): Promise<void> {
    this.#failing = new Map();
    const wanted = new Map(this.#wanted.map((pod) => [pod.uid, pod]));
    for (const enrolled of [...this.#enrolled.values()]) {
      if (!wanted.has(enrolled.pod.uid)) await this.#tryRemove(enrolled);
    }
    for (const pod of [...this.#unfinished.values()]) {
      if (!wanted.has(pod.uid)) await this.#tryClean(pod);
    }
    const held = [...this.#enrolled.keys()].filter((uid) => wanted.has(uid));
    for (const pod of wanted.values()) await this.#tryEnrol(pod);
    // Last, since new pods wait for theirs.
    for (const uid of held) await this.#tryMend(uid);
    await this.#syncHostRules();
  }

  async #tryEnrol(pod: NodePod): Promise<void> {
    if (this.#disposed) return;
    try {
      await this.#enrol(pod);
    } catch (reason) {
      this.#fails(pod, "cannot enrol pod, trying again", reason);
    }
  }

  #fails(pod: NodePod, what: string, reason: unknown): void {
    const error = messageOf(reason);
    this.#failing.set(pod.uid, error);
    this.#options.log.error(what, { ...fieldsOf(pod), error });
  }

  async #enrol(pod: NodePod): Promise<void> {
    const netns = openNetns(pod.netnsPath);
    try {
      if (netnsId(netns) === ownNetnsId()) {
        throw new Error(`"${pod.netnsPath}" is hairpin's own namespace`);
      }
      const known = this.#enrolled.get(pod.uid);
      if (known !== undefined) {
        if (netnsId(known.netns) === netnsId(netns)) {
          await this.#change(known, pod);
          return closeFd(netns);
        }
        // The pod came back in another namespace, maybe under the same path.
        await this.#remove(known);
      }
      await this.#serveAndRedirect({ pod, netns });
    } catch (reason) {
      closeFd(netns);
      throw reason;
    }
  }

  /** What an enrolled pod asks for now; its rules stay meanwhile, so that it is never open. */
  async #change(known: Enrolled, pod: NodePod): Promise<void> {
    const { netns } = known;
    if (pod.serviceAccount !== known.pod.serviceAccount) {
      await this.#stopServing(known.pod);
      try {
        await this.#serve({ pod, netns });
      } catch (reason) {
        this.#enrolled.delete(pod.uid);
        this.#unfinished.set(pod.uid, pod);
        closeFd(netns);
        throw reason;
      }
      const { overrides } = known.pod;
      this.#enrolled.set(pod.uid, { pod: { ...pod, overrides }, netns });
    }
    if (!sameOverrides(pod, known.pod)) {
      await redirectPod({ pod, netns }, this.#options);
    }
    this.#enrolled.set(pod.uid, { pod, netns });
  }

  async #serveAndRedirect({ pod, netns }: Enrolled): Promise<void> {
    this.#unfinished.set(pod.uid, pod);
    await this.#serve({ pod, netns });
    try {
      await redirectPod({ pod, netns }, this.#options);
    } catch (reason) {
      // Nothing is opened: rules of an earlier process keep the pod closed.
      await this.#options.host.remove(pod.uid);
      throw reason;
    }
    this.#unfinished.delete(pod.uid);
    this.#enrolled.set(pod.uid, { pod, netns });
  }

  async #serve({ pod, netns }: Enrolled): Promise<void> {
    const { uid, name, namespace, serviceAccount } = pod;
    await this.#options.host.add({
      ...{ uid, name, namespace, serviceAccount },
      netns: dupFd(netns),
    });
  }

  async #tryMend(uid: string): Promise<void> {
    const enrolled = this.#enrolled.get(uid);
    if (enrolled === undefined || this.#disposed) return;
    try {
      await mendPod(enrolled, this.#options);
    } catch (reason) {
      const what = "cannot check a pod's redirection, trying again";
      this.#fails(enrolled.pod, what, reason);
    }
  }

  async #tryRemove(enrolled: Enrolled): Promise<void> {
    try {
      await this.#remove(enrolled);
    } catch (reason) {
      this.#fails(enrolled.pod, CANNOT_REMOVE, reason);
    }
  }

  /**
   * Its rules go first.
   *
   * @throws {RedirectError} when they cannot be removed; the pod is served on.
   */
  async #remove(enrolled: Enrolled): Promise<void> {
    const { pod, netns } = enrolled;
    try {
      await removeRedirect({ netns });
    } catch (reason) {
      if (placeOf(pod) === netnsId(netns)) throw reason;
    }
    this.#enrolled.delete(pod.uid);
    closeFd(netns);
    await this.#stopServing(pod);
  }

  /** Of a pod that failed, and is not wanted any more. */
  async #tryClean(pod: NodePod): Promise<void> {
    try {
      if (placeOf(pod) !== undefined) await removeRedirectAt(pod.netnsPath);
      this.#unfinished.delete(pod.uid);
    } catch (reason) {
      this.#fails(pod, CANNOT_REMOVE, reason);
    }
  }

  async #stopServing(pod: NodePod): Promise<void> {
    try {
      await this.#options.host.remove(pod.uid);
    } catch (reason) {
      this.#options.log.error("cannot stop serving a pod", {
        ...fieldsOf(pod),
        error: messageOf(reason),
      });
    }
  }

  /** The node's own processes, such as a kubelet's probes, are let through. */
  async #syncHostRules(): Promise<void> {
    const ips: Ip[] = [...this.#enrolled.values()].flatMap(({ pod }) =>
      pod.ips
    );
    try {
      await this.#options.hostRules.sync(ips);
    } catch (reason) {
      this.#failing.set("host", messageOf(reason));
      this.#options.log.error("cannot write the node's probe rules", {
        error: messageOf(reason),
      });
    }
  }
}

const CANNOT_REMOVE = "cannot remove a pod's redirection, trying again";

const sameOverrides = (a: NodePod, b: NodePod): boolean =>
  JSON.stringify(a.overrides) === JSON.stringify(b.overrides);
