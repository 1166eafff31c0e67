/** Enrols the pods of this node from the node's own namespace: serves, captures. */
import { messageOf } from "../base/errors.ts";
import type { NodePod } from "../kube/mod.ts";
import type { CapturedAddress, WantedAddress } from "../redirect/node/mod.ts";
import type { Fd } from "../sys/libc.ts";
import type { Logger } from "../telemetry/log.ts";
import type { PodHost } from "./pod_host.ts";
import { ENROL_RETRY_MS } from "./self_enrolment.ts";

/** The rules of a node, as far as enrolment has to do with them. */
export interface CaptureRules {
  /** Where pods' connections are served; whoever asks closes the descriptor. */
  openProxyNetns(): Fd;
  /** @returns what somebody else had changed, and is put back now. */
  apply(addresses: readonly CapturedAddress[]): Promise<string[]>;
  remove(): Promise<void>;
}

export interface NodeCaptureOptions {
  readonly host: PodHost;
  readonly rules: CaptureRules;
  /** Where addresses are now. */
  findPlaces(
    wanted: readonly WantedAddress[],
  ): Promise<readonly CapturedAddress[]>;
  /** Whether there is a DNS server that pods' queries can be led to. */
  readonly dnsCapture: boolean;
  readonly log: Pick<Logger, "error" | "warn" | "info">;
  /** Told of a pod whose traffic the rules lead here from now on. */
  onCaptured?(pod: NodePod): void;
  /** Told of a pod that is served no more. */
  onStopped?(uid: string): void;
  /** Told after every turn, also of those that it takes by itself. */
  onTurn?(failing: ReadonlyMap<string, string>): void;
  /** Default {@link ENROL_RETRY_MS}. */
  readonly retryMs?: number;
}

/** A pod that is served; `captured` once the rules lead its traffic there. */
interface Served {
  pod: NodePod;
  captured: boolean;
}

/**
 * Brings the pods that are served and captured in line with those that should
 * be. A pod is served before the rules lead its traffic there, and the rules let
 * go of it before it is no longer served. A pod whose place or identity changed
 * is refused between the two: its rules stay meanwhile.
 */
export class NodeCapture {
  readonly #options: NodeCaptureOptions;
  readonly #served = new Map<string, Served>();
  #wanted: readonly NodePod[] = [];
  #failing = new Map<string, string>();
  #turn: Promise<void> = Promise.resolve();
  /** The turn that has not begun yet: it does for everybody who asks meanwhile. */
  #next: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(options: NodeCaptureOptions) {
    this.#options = options;
  }

  /** Pods that should be captured and are not, with the reason. */
  get failing(): ReadonlyMap<string, string> {
    return this.#failing;
  }

  /** Resolves when every pod has been tried once. */
  reconcile(wanted: readonly NodePod[]): Promise<void> {
    this.#wanted = wanted;
    return this.#turn = this.#next ??= this.#turn.then(() => {
      this.#next = undefined;
      return this.#run();
    });
  }

  /** Puts back what somebody else may have changed of what is captured. */
  mend(): Promise<void> {
    return this.reconcile(this.#wanted);
  }

  /**
   * Stops trying. What is captured stays so: without a proxy the rules refuse
   * its traffic. They go where they would close nothing, for no pod is captured.
   */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#retry);
    await this.#turn;
    if (this.#served.size > 0) return;
    try {
      await this.#options.rules.remove();
    } catch (reason) {
      this.#options.log.error("cannot remove the node's redirection", {
        error: messageOf(reason),
      });
    }
  }

  async #run(): Promise<void> {
    if (this.#ended) return;
    clearTimeout(this.#retry);
    this.#failing = new Map();
    await this.#reconcileAll();
    this.#options.onTurn?.(this.#failing);
    if (this.#failing.size === 0 || this.#ended) return;
    const { retryMs = ENROL_RETRY_MS } = this.#options;
    const again = () => void this.reconcile(this.#wanted);
    this.#retry = setTimeout(again, retryMs);
  }

  async #reconcileAll(): Promise<void> {
    const wanted = new Map(
      this.#wanted.filter(({ ips }) => ips.length > 0)
        .map((pod) => [pod.uid, pod]),
    );
    const leaving = [...this.#served.values()].filter(({ pod }) =>
      !wanted.has(pod.uid)
    );
    for (const pod of wanted.values()) await this.#trySettle(pod);
    const staying = [...this.#served.values()].filter((served) =>
      !leaving.includes(served)
    );
    if (!await this.#tryCapture(staying.map(({ pod }) => pod))) return;
    for (const served of staying) this.#sayCaptured(served);
    for (const { pod } of leaving) await this.#stop(pod);
  }

  async #trySettle(pod: NodePod): Promise<void> {
    const known = this.#served.get(pod.uid);
    if (known !== undefined && isSame(known.pod, pod)) {
      known.pod = pod;
      return;
    }
    if (known !== undefined) await this.#stop(known.pod);
    const { host, rules, log } = this.#options;
    const { uid, name, namespace, serviceAccount, ips } = pod;
    try {
      const info = { uid, name, namespace, serviceAccount };
      await host.add({ ...info, netns: rules.openProxyNetns(), ips });
      this.#served.set(uid, { pod, captured: false });
    } catch (reason) {
      const why = messageOf(reason);
      this.#failing.set(uid, why);
      log.error("cannot enrol pod, trying again", {
        ...fieldsOf(pod),
        error: why,
      });
    }
  }

  /** @returns whether the rules are those of these pods, and of no others. */
  async #tryCapture(pods: readonly NodePod[]): Promise<boolean> {
    const { rules, log } = this.#options;
    try {
      const [changed] = await rules.apply(await this.#placesOf(pods));
      if (changed !== undefined) {
        log.warn("the node's redirection was changed, put back", {
          found: changed,
        });
      }
      return true;
    } catch (reason) {
      const why = messageOf(reason);
      this.#failing.set("node", why);
      log.error("cannot write the node's redirection, trying again", {
        error: why,
      });
      return false;
    }
  }

  #placesOf(pods: readonly NodePod[]): Promise<readonly CapturedAddress[]> {
    const { dnsCapture } = this.#options;
    const wanted = pods.flatMap(({ ips, netnsPath, overrides }) => {
      const dns = dnsCapture && (overrides.dnsCapture ?? true);
      return ips.map((ip) => ({ ip, netnsPath: netnsPath || undefined, dns }));
    });
    return this.#options.findPlaces(wanted);
  }

  #sayCaptured(served: Served): void {
    if (served.captured) return;
    served.captured = true;
    this.#options.log.info("pod redirected", {
      ...fieldsOf(served.pod),
      by: "node",
    });
    this.#options.onCaptured?.(served.pod);
  }

  async #stop(pod: NodePod): Promise<void> {
    this.#served.delete(pod.uid);
    this.#options.onStopped?.(pod.uid);
    try {
      await this.#options.host.remove(pod.uid);
    } catch (reason) {
      this.#options.log.error("cannot stop serving a pod", {
        ...fieldsOf(pod),
        error: messageOf(reason),
      });
    }
  }
}

const isSame = (a: NodePod, b: NodePod): boolean =>
  a.serviceAccount === b.serviceAccount && a.netnsPath === b.netnsPath &&
  a.ips.join() === b.ips.join();

const fieldsOf = ({ uid, name, namespace }: NodePod) => ({
  uid,
  name,
  namespace,
});
