/** Tells whether this process ends for good, or to make room for another version. */
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { readDaemonSetPod, readSchedulableNode, runsOn } from "../kube/mod.ts";
import { pause } from "./pause.ts";
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
  readonly nodeName: string;
  /** Key of a taint that a node has while this process is not ready; default: none. */
  readonly notReadyTaint?: string | undefined;
  readonly log: Logger;
}

interface Metadata {
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
   * Whether no other process comes after this one: it is deleted, or about to
   * be, or keeps off this node by its selector, its affinity or a taint. Where
   * that cannot be told it is there: what it leaves keeps pods waiting, and what
   * it takes away lets them past the proxy.
   */
  async isGone(): Promise<boolean> {
    const name = await this.#found;
    if (name === undefined) return false;
    const signal = AbortSignal.timeout(END_TIMEOUT_MS);
    for (let tries = 1;; tries++) {
      try {
        return await this.#isOver(name, signal);
      } catch (reason) {
        if (isRefused(reason, 401)) return true;
        if (tries < END_TRIES && !signal.aborted) {
          await pause(this.#options.clock, END_RETRY_MS);
        } else {
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
    const { ownerReferences } = metadataOf(
      await this.#get("pods", path, signal),
    );
    const owners = Array.isArray(ownerReferences) ? ownerReferences : [];
    const owner = owners.find((owner) => owner?.kind === "DaemonSet");
    if (typeof owner?.name === "string") return owner.name;
    throw new KubeApiError(`pod "${podName}" is of no DaemonSet`);
  }

  async #isOver(name: string, signal: AbortSignal): Promise<boolean> {
    const path = `/apis/apps/v1${this.#path("daemonsets", name)}`;
    const found = await this.#getUnlessGone("daemonsets.apps", path, signal);
    if (found === undefined) return true;
    if (metadataOf(found).deletionTimestamp !== undefined) return true;
    return !await this.#isForNode(found, signal);
  }

  async #isForNode(found: unknown, signal: AbortSignal): Promise<boolean> {
    const { nodeName, notReadyTaint } = this.#options;
    const path = `/api/v1/nodes/${encodeURIComponent(nodeName)}`;
    const object = await this.#getUnlessGone("nodes", path, signal);
    // A node that is made anew gets its pods again.
    if (object === undefined) return true;
    const pod = readDaemonSetPod(found);
    const node = readSchedulableNode(object);
    if (pod === undefined || node === undefined) {
      throw new KubeApiError("the answer is no DaemonSet, or no Node");
    }
    const isPassing = (key: string) =>
      OF_CONDITIONS.test(key) || key === notReadyTaint;
    return runsOn(pod, node, isPassing);
  }

  #path(kind: string, name: string): string {
    const namespace = encodeURIComponent(this.#options.namespace);
    return `/namespaces/${namespace}/${kind}/${encodeURIComponent(name)}`;
  }

  #get(resource: string, path: string, signal: AbortSignal): Promise<unknown> {
    return this.#options.api.json({ verb: "get", resource, path }, signal);
  }

  async #getUnlessGone(
    resource: string,
    path: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    try {
      return await this.#get(resource, path, signal);
    } catch (reason) {
      if (isRefused(reason, 404)) return undefined;
      throw reason;
    }
  }

  #warn(error: string): void {
    const { podName: pod, log } = this.#options;
    log.warn("cannot tell whether hairpin is uninstalled: the plugin stays", {
      pod,
      error,
    });
  }
}

/** Taints that the cluster itself puts on a node in trouble, such as one that starts. */
const OF_CONDITIONS = /^node\.(?:cloudprovider\.)?kubernetes\.io\//;

const metadataOf = (object: unknown): Metadata =>
  (object as { readonly metadata?: Metadata }).metadata ?? {};

/** A token that is not taken any more belongs to an account that is deleted. */
const isRefused = (reason: unknown, status: number): boolean =>
  reason instanceof KubeApiError && reason.status === status;
