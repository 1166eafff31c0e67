/** Acts on pods of the mesh that run past the proxy, and cannot be enrolled as they are. */
import { messageOf } from "../base/errors.ts";
import { type PodObject, uidOfPod } from "../kube/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import type { KubeApi, KubeRequest } from "./kube_api/mod.ts";
import type { PodEvent } from "./redirection_status.ts";

/** Beside their annotation and Event: nothing, a label, or their end, so that they start anew. */
export type RepairAction = "mark" | "label" | "delete";

/** As Istio's repair controller labels a pod that was not set up. */
export const UNINITIALIZED_LABEL = "cni.istio.io/uninitialized";

/** How long a pod may be past the proxy before it is acted on, in ms: three more tries to find it. */
export const REPAIR_GRACE_MS = 15_000;

export interface PodRepairOptions {
  readonly action: RepairAction;
  readonly api: Pick<KubeApi, "json">;
  readonly nowMs: () => number;
  readonly log: Logger;
  tell(event: PodEvent): void;
  count(type: "label" | "delete", result: "success" | "fail"): void;
  readonly signal: AbortSignal;
}

export class PodRepair {
  readonly #options: PodRepairOptions;
  /** Since when a pod is past the proxy, by uid. */
  readonly #since = new Map<string, number>();
  /** Pods that were acted on. */
  readonly #done = new Set<string>();
  #turn: Promise<void> = Promise.resolve();

  constructor(options: PodRepairOptions) {
    this.#options = options;
  }

  /**
   * To be called whenever the node has tried. Never rejects; what fails is done
   * at a later call.
   *
   * @param pods Those of this node.
   * @param lost Uids of those that run past the proxy, and that a new start would help.
   */
  look(pods: readonly PodObject[], lost: ReadonlySet<string>): Promise<void> {
    return this.#turn = this.#turn.then(() => this.#look(pods, lost));
  }

  async #look(
    pods: readonly PodObject[],
    lost: ReadonlySet<string>,
  ): Promise<void> {
    const { action, nowMs, signal } = this.#options;
    if (action === "mark" || signal.aborted) return;
    this.#forget(lost);
    for (const uid of lost) {
      if (!this.#since.has(uid)) this.#since.set(uid, nowMs());
    }
    if (action === "label") return await this.#label(pods, lost);
    // One at a time: a service is not to lose all of its pods at once.
    const next = pods.find((pod) => this.#isDue(pod) && hasController(pod));
    if (next !== undefined) await this.#delete(next);
  }

  #forget(lost: ReadonlySet<string>): void {
    for (const uid of [...this.#since.keys()]) {
      if (lost.has(uid)) continue;
      this.#since.delete(uid);
      this.#done.delete(uid);
    }
  }

  #isDue(pod: PodObject): boolean {
    const since = this.#since.get(uidOfPod(pod));
    return since !== undefined && pod.status.phase === "Running" &&
      pod.metadata.deletionTimestamp === undefined &&
      !this.#done.has(uidOfPod(pod)) &&
      this.#options.nowMs() - since >= REPAIR_GRACE_MS;
  }

  /** Also off again, from pods that are found by now. */
  async #label(
    pods: readonly PodObject[],
    lost: ReadonlySet<string>,
  ): Promise<void> {
    for (const pod of pods) {
      const isLabelled = pod.metadata.labels[UNINITIALIZED_LABEL] === "true";
      const isFound = !lost.has(uidOfPod(pod));
      if (isLabelled && isFound) await this.#patch(pod, null);
      if (isLabelled || !this.#isDue(pod)) continue;
      if (await this.#patch(pod, "true")) {
        this.#said(pod, "PodLabelled", `labelled ${UNINITIALIZED_LABEL}=true`);
      }
    }
  }

  #patch(pod: PodObject, value: "true" | null): Promise<boolean> {
    const { uid } = pod.metadata;
    return this.#try("label", {
      verb: "patch",
      resource: "pods",
      path: `${pathOf(pod)}?fieldManager=hairpin-node`,
      patch: { metadata: { uid, labels: { [UNINITIALIZED_LABEL]: value } } },
    });
  }

  async #delete(pod: PodObject): Promise<void> {
    const { uid } = pod.metadata;
    const done = await this.#try("delete", {
      verb: "delete",
      resource: "pods",
      path: pathOf(pod),
      // A pod of the same name may have taken its place.
      deletion: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        preconditions: { uid },
      },
    });
    if (done) this.#said(pod, "PodDeleted", "deleted, to start anew");
  }

  #said(pod: PodObject, reason: string, what: string): void {
    const { log, tell } = this.#options;
    const { name, namespace } = pod.metadata;
    const uid = uidOfPod(pod);
    this.#done.add(uid);
    const message = `it runs past the proxy and cannot be enrolled: ${what}`;
    log.warn("pod repaired", { uid, name, namespace, error: message });
    tell({ pod: { uid, name, namespace }, type: "Warning", reason, message });
  }

  async #try(
    type: "label" | "delete",
    request: KubeRequest,
  ): Promise<boolean> {
    const { api, log, count, signal } = this.#options;
    try {
      await api.json(request, signal);
      count(type, "success");
      return true;
    } catch (reason) {
      if (signal.aborted) return false;
      count(type, "fail");
      log.warn("cannot repair a pod", { error: messageOf(reason) });
      return false;
    }
  }
}

/** Somebody who starts another one; a pod on its own would be gone for good. */
const hasController = ({ metadata }: PodObject): boolean =>
  metadata.ownerReferences.some(({ controller }) => controller);

const pathOf = ({ metadata }: PodObject): string =>
  `/api/v1/namespaces/${encodeURIComponent(metadata.namespace)}` +
  `/pods/${encodeURIComponent(metadata.name)}`;
