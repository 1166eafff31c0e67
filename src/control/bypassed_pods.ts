/** Sees to pods that are past the proxy, and says which they are: none is to be forgotten. */
import { messageOf } from "../base/errors.ts";
import type { BypassedPod } from "../kube/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Cell } from "../telemetry/metrics.ts";
import type { PodEvent } from "./redirection_status.ts";

export interface BypassedPodsOptions {
  readonly log: Pick<Logger, "warn" | "error">;
  /** How many there are. */
  readonly count: Cell;
  /** Removes rules that a process before this one left; harmless where there are none. */
  removeRules(netnsPath: string): Promise<void>;
  /** Where the Kubernetes API is told, too. */
  tell?(event: PodEvent): void;
}

export class BypassedPods {
  readonly #options: BypassedPodsOptions;
  #known: ReadonlyMap<string, BypassedPod> = new Map();
  /** Where rules were looked for. */
  readonly #free = new Map<string, string>();

  constructor(options: BypassedPodsOptions) {
    this.#options = options;
  }

  get list(): readonly BypassedPod[] {
    return [...this.#known.values()];
  }

  /** @param pods All that bypass now, and are not served. */
  async put(pods: readonly BypassedPod[]): Promise<void> {
    const before = this.#known;
    this.#known = new Map(pods.map((pod) => [pod.uid, pod]));
    this.#options.count.value = this.#known.size;
    for (const [uid, pod] of before) {
      if (!this.#known.has(uid)) this.#ended(pod);
    }
    for (const [uid, pod] of this.#known) {
      await this.#release(pod);
      const known = before.get(uid);
      if (known === undefined || known.untilMs !== pod.untilMs) {
        this.#begun(pod);
      }
    }
  }

  /** What could not be removed is tried again at the next turn. */
  async #release(pod: BypassedPod): Promise<void> {
    const { uid, netnsPath } = pod;
    if (netnsPath === undefined || this.#free.get(uid) === netnsPath) return;
    try {
      await this.#options.removeRules(netnsPath);
      this.#free.set(uid, netnsPath);
    } catch (reason) {
      this.#options.log.error("cannot remove a bypassing pod's redirection", {
        ...fieldsOf(pod),
        error: messageOf(reason),
      });
    }
  }

  #begun(pod: BypassedPod): void {
    const until = endOf(pod) ?? "its annotation is removed";
    const fields = { ...fieldsOf(pod), until };
    this.#options.log.warn("pod bypasses the proxy", fields);
    this.#options.tell?.({
      pod,
      type: "Warning",
      reason: "CaptureBypassed",
      message:
        `Traffic bypasses the proxy, without mTLS or policy, until ${until}`,
    });
  }

  #ended(pod: BypassedPod): void {
    this.#free.delete(pod.uid);
    const words = "pod no longer bypasses the proxy";
    this.#options.log.warn(words, fieldsOf(pod));
    this.#options.tell?.({
      pod,
      type: "Normal",
      reason: "CaptureBypassEnded",
      message: "Traffic no longer bypasses the proxy",
    });
  }
}

const fieldsOf = ({ uid, name, namespace }: BypassedPod) => ({
  uid,
  name,
  namespace,
});

/** In UTC, to the second where it is one. */
const endOf = ({ untilMs }: BypassedPod): string | undefined =>
  untilMs === undefined
    ? undefined
    : new Date(untilMs).toISOString().replace(".000Z", "Z");
