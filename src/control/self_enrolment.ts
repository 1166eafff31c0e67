/** Enrols the pods of this node without an agent: opens, serves, redirects. */
import { messageOf } from "../base/errors.ts";
import type { Ip } from "../model/address.ts";
import type { NodePod } from "../kube/mod.ts";
import {
  applyRedirect,
  applyRedirectToOpen,
  type Backend,
  DEFAULT_REDIRECT_OPTIONS,
  type HostRules,
  type OpenConnections,
  type OpenConnectionsUse,
  type RedirectOptions,
  removeRedirect,
  verifyRedirect,
} from "../redirect/mod.ts";
import { closeFd, dupFd, type Fd } from "../sys/libc.ts";
import { netnsId, openNetns, ownNetnsId } from "../sys/netns.ts";
import type { Logger } from "../telemetry/log.ts";
import type { PodHost } from "./pod_host.ts";

/** Between two tries of pods that could not be enrolled, as ztunnel retries. */
export const ENROL_RETRY_MS = 5_000;

export interface SelfEnrolmentOptions {
  readonly host: PodHost;
  /** What pods' rules are written with. */
  readonly backend: Backend;
  readonly hostRules: Pick<HostRules, "sync">;
  readonly ipv6: boolean;
  /** Whether pods have a DNS server that their queries can be led to. */
  readonly dnsCapture: boolean;
  readonly log: Logger;
  /** What becomes of connections that a pod has open. Default `keep`. */
  readonly openConnections?: OpenConnectionsUse;
  /** Told what became of them, whenever a pod was redirected anew. */
  onOpenConnections?(pod: NodePod, open: OpenConnections): void;
  /** Told after every turn, also of those that it takes by itself. */
  onTurn?(failing: ReadonlyMap<string, string>): void;
  /** Default {@link ENROL_RETRY_MS}. */
  readonly retryMs?: number;
}

interface Enrolled {
  readonly pod: NodePod;
  /** Own descriptor: rules are removed through it, whoever else closes theirs. */
  readonly netns: Fd;
}

/**
 * Brings the pods that are served and redirected in line with those that should
 * be. A pod is served before its rules lead traffic there, and its rules are
 * gone before it is no longer served; a pod that fails half-way is put back as
 * it was and tried again. Rules that somebody else changed are put back.
 */
export class SelfEnrolment implements Disposable {
  readonly #options: SelfEnrolmentOptions;
  readonly #enrolled = new Map<string, Enrolled>();
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
    const wanted = new Map(this.#wanted.map((pod) => [pod.uid, pod]));
    for (const [uid, { pod }] of [...this.#enrolled]) {
      const next = wanted.get(uid);
      if (next === undefined || !samePlace(next, pod)) await this.#remove(uid);
    }
    this.#failing = new Map();
    const held = [...this.#enrolled.values()];
    for (const pod of wanted.values()) await this.#tryEnrol(pod);
    // Last, since new pods wait for theirs.
    for (const enrolled of held) await this.#tryMend(enrolled);
    await this.#syncHostRules();
  }

  async #tryEnrol(pod: NodePod): Promise<void> {
    if (this.#disposed) return;
    try {
      await this.#enrol(pod);
    } catch (reason) {
      const why = messageOf(reason);
      this.#failing.set(pod.uid, why);
      this.#options.log.error("cannot enrol pod, trying again", {
        ...fieldsOf(pod),
        error: why,
      });
    }
  }

  async #enrol(pod: NodePod): Promise<void> {
    const netns = openNetns(pod.netnsPath);
    try {
      const known = this.#enrolledIn(pod, netns);
      if (known !== undefined) {
        this.#enrolled.set(pod.uid, { pod, netns: known.netns });
        return closeFd(netns);
      }
      if (netnsId(netns) === ownNetnsId()) {
        throw new Error(`"${pod.netnsPath}" is hairpin's own namespace`);
      }
      if (this.#enrolled.has(pod.uid)) await this.#remove(pod.uid);
      await this.#serveAndRedirect(pod, netns);
    } catch (reason) {
      closeFd(netns);
      throw reason;
    }
  }

  /** The same pod may have come back in another namespace under the same path. */
  #enrolledIn(pod: NodePod, netns: Fd): Enrolled | undefined {
    const known = this.#enrolled.get(pod.uid);
    if (known === undefined) return undefined;
    return netnsId(known.netns) === netnsId(netns) ? known : undefined;
  }

  async #serveAndRedirect(pod: NodePod, netns: Fd): Promise<void> {
    const { host, backend, log } = this.#options;
    const { uid, name, namespace, serviceAccount } = pod;
    await host.add({
      uid,
      name,
      namespace,
      serviceAccount,
      netns: dupFd(netns),
    });
    try {
      const options = this.#redirectOptions(pod);
      const { openConnections = "keep", onOpenConnections } = this.#options;
      const target = { netns, backend, options };
      const { outcome, open } = await applyRedirectToOpen(
        target,
        openConnections,
      );
      log.info("pod redirected", { ...fieldsOf(pod), rules: outcome });
      onOpenConnections?.(pod, open);
    } catch (reason) {
      await removeRedirect({ netns }).catch(() => {});
      await host.remove(uid);
      throw reason;
    }
    this.#enrolled.set(uid, { pod, netns });
  }

  async #tryMend({ pod, netns }: Enrolled): Promise<void> {
    if (this.#enrolled.get(pod.uid)?.netns !== netns) return;
    const { backend, log } = this.#options;
    const target = { netns, backend, options: this.#redirectOptions(pod) };
    try {
      const [difference] = await verifyRedirect(target);
      if (difference === undefined) return;
      await applyRedirect(target);
      log.warn("pod's redirection was changed, put back", {
        ...fieldsOf(pod),
        found: difference,
      });
    } catch (reason) {
      const why = messageOf(reason);
      this.#failing.set(pod.uid, why);
      log.error("cannot check a pod's redirection, trying again", {
        ...fieldsOf(pod),
        error: why,
      });
    }
  }

  #redirectOptions({ overrides }: NodePod): RedirectOptions {
    return {
      ...DEFAULT_REDIRECT_OPTIONS,
      ipv6: this.#options.ipv6,
      dnsCapture: this.#options.dnsCapture && (overrides.dnsCapture ?? true),
      ingressMode: overrides.bypassInboundCapture,
      virtualInterfaces: overrides.rerouteVirtualInterfaces,
    };
  }

  async #remove(uid: string): Promise<void> {
    const { host, log } = this.#options;
    const enrolled = this.#enrolled.get(uid);
    if (enrolled === undefined) return;
    const { pod, netns } = enrolled;
    try {
      await removeRedirect({ netns });
    } catch (reason) {
      // Without its rules gone the pod is closed, not open: say so and go on.
      log.error("cannot remove a pod's redirection", {
        ...fieldsOf(pod),
        error: messageOf(reason),
      });
    }
    this.#enrolled.delete(uid);
    closeFd(netns);
    try {
      await host.remove(uid);
    } catch (reason) {
      log.error("cannot stop serving a pod", {
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

const samePlace = (a: NodePod, b: NodePod): boolean =>
  a.netnsPath === b.netnsPath && a.serviceAccount === b.serviceAccount &&
  JSON.stringify(a.overrides) === JSON.stringify(b.overrides);

const fieldsOf = ({ uid, name, namespace }: NodePod) => ({
  uid,
  name,
  namespace,
});
