/** Tells whether this process ends for good, or to make room for another version. */
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../telemetry/log.ts";
import { type KubeApi, KubeApiError } from "./kube_api/mod.ts";

/** Tries at the end, as in Istio: an API server may be busy, and a pod has little time left. */
export const END_TRIES = 3;
/** Between two of them, in ms. */
export const END_RETRY_MS = 1_000;
/** Longest time that they may take together, in ms. */
const END_TIMEOUT_MS = 8_000;

export interface OwnDaemonSetOptions {
  readonly api: Pick<KubeApi, "json">;
  readonly clock: Clock;
  readonly namespace: string;
  /** Of this process's pod. */
  readonly podName: string;
  readonly log: Logger;
}

interface Metadata {
  readonly uid?: unknown;
  readonly deletionTimestamp?: unknown;
  readonly ownerReferences?: unknown;
}

/** The DaemonSet that starts this process's pod. */
export class OwnDaemonSet {
  readonly #options: OwnDaemonSetOptions;
  readonly #found: Promise<string | undefined>;

  /** Asks at once: at the end the pod may be gone. */
  constructor(options: OwnDaemonSetOptions, signal: AbortSignal) {
    this.#options = options;
    this.#found = this.#find(signal).catch((reason) => {
      if (!signal.aborted) this.#warn(messageOf(reason));
      return undefined;
    });
  }

  /**
   * Whether it is deleted, or about to be, so that no other process comes after
   * this one. Where that cannot be told it is there: what it leaves keeps pods
   * waiting, and what it takes away lets them past the proxy.
   */
  async isGone(): Promise<boolean> {
    const name = await this.#found;
    if (name === undefined) return false;
    const signal = AbortSignal.timeout(END_TIMEOUT_MS);
    for (let tries = 1;; tries++) {
      try {
        return await this.#isDeleted(name, signal);
      } catch (reason) {
        if (isRefused(reason, 404) || isRefused(reason, 401)) return true;
        if (tries < END_TRIES && !signal.aborted) await this.#pause();
        else {
          this.#warn(messageOf(reason));
          return false;
        }
      }
    }
  }

  /** @throws {KubeApiError} when it cannot be asked, or the pod is of no DaemonSet. */
  async #find(signal: AbortSignal): Promise<string> {
    const { podName } = this.#options;
    const path = `/api/v1${this.#path("pods", podName)}`;
    const pod = await this.#get("pods", path, signal);
    const owners = Array.isArray(pod.ownerReferences)
      ? pod.ownerReferences
      : [];
    const owner = owners.find((owner) => owner?.kind === "DaemonSet");
    if (typeof owner?.name === "string") return owner.name;
    throw new KubeApiError(`pod "${podName}" is of no DaemonSet`);
  }

  async #isDeleted(name: string, signal: AbortSignal): Promise<boolean> {
    const path = `/apis/apps/v1${this.#path("daemonsets", name)}`;
    const { deletionTimestamp } = await this.#get(
      "daemonsets.apps",
      path,
      signal,
    );
    return deletionTimestamp !== undefined;
  }

  #path(kind: string, name: string): string {
    const namespace = encodeURIComponent(this.#options.namespace);
    return `/namespaces/${namespace}/${kind}/${encodeURIComponent(name)}`;
  }

  async #get(
    resource: string,
    path: string,
    signal: AbortSignal,
  ): Promise<Metadata> {
    const request = { verb: "get", resource, path } as const;
    const object = await this.#options.api.json(request, signal);
    const { metadata } = object as { readonly metadata?: Metadata };
    return metadata ?? {};
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.setTimer(END_RETRY_MS, resolve);
    });
  }

  #warn(error: string): void {
    const { podName: pod, log } = this.#options;
    log.warn("cannot tell whether hairpin is uninstalled: the plugin stays", {
      pod,
      error,
    });
  }
}

/** A token that is not taken any more belongs to an account that is deleted. */
const isRefused = (reason: unknown, status: number): boolean =>
  reason instanceof KubeApiError && reason.status === status;
