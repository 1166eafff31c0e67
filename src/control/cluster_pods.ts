/** Pods that the Kubernetes API tells of: finds where they are, and tells how they are. */
import { messageOf } from "../base/errors.ts";
import {
  annotatedNetns,
  type NodePod,
  type PodObject,
  REDIRECTION_ANNOTATION,
  uidOfPod,
} from "../kube/mod.ts";
import type { Ip } from "../model/address.ts";
import { findPodNetns, hasOneOf } from "./find_pod_netns.ts";
import type { ClusterPods } from "./node_enrolment.ts";
import type { PodRepair } from "./pod_repair.ts";
import type { PodNetns } from "./pod_netns.ts";
import type {
  PodRedirection,
  RedirectionStatus,
} from "./redirection_status.ts";
import { removeRedirectAt } from "./remove_redirect_at.ts";
import { ENROL_RETRY_MS, type SelfEnrolment } from "./self_enrolment.ts";

export interface FoundPodsOptions {
  readonly netnses: PodNetns;
  readonly enrolment: Pick<SelfEnrolment, "failing" | "capturedIn">;
  readonly status: Pick<RedirectionStatus, "sync">;
  readonly repair: Pick<PodRepair, "look">;
  /** Asked for when there is something to try again. */
  reconcile(): Promise<void>;
  readonly signal: AbortSignal;
  /** Where the proc file system of the node is mounted. Default `/proc`. */
  readonly procRoot?: string;
}

/** How {@link PodNetns} names what it holds, or has held. */
const HELD_PATH = "/proc/self/fd/";
const NOT_FOUND = "none of its processes shows its network namespace";

export class FoundPods implements ClusterPods {
  readonly #options: FoundPodsOptions;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: FoundPodsOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => clearTimeout(this.#retry));
  }

  seek(pods: readonly NodePod[]): void {
    for (const pod of pods) this.#releaseStale(pod);
    const { netnses } = this.#options;
    this.#search(
      pods.filter(({ uid, netnsPath }) =>
        netnses.get(uid) === undefined &&
        (netnsPath === "" || netnsPath.startsWith(HELD_PATH))
      ),
    );
  }

  async settle(
    pods: readonly PodObject[],
    wanted: readonly NodePod[],
  ): Promise<void> {
    if (this.#options.signal.aborted) return;
    const byUid = new Map(wanted.map((pod) => [pod.uid, pod]));
    const told: PodRedirection[] = [];
    for (const pod of pods) {
      // What ends needs no mark, and nobody to look for it.
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      const seen = pod.metadata.annotations[REDIRECTION_ANNOTATION];
      const node = byUid.get(uidOfPod(pod));
      if (node !== undefined) told.push(this.#stateOf(node, seen));
      else if (seen === "enabled" || seen === "pending") {
        told.push(await this.#clean(pod, seen));
      }
    }
    void this.#options.status.sync(told);
    const lost = told.filter(({ uid, why }) =>
      why === NOT_FOUND && byUid.has(uid)
    );
    const uids = new Set(lost.map(({ uid }) => uid));
    void this.#options.repair.look(pods, uids);
    if (told.some(({ why, seen, value }) => why ?? seen !== value)) {
      this.#tryLater();
    }
  }

  #stateOf(
    { uid, name, namespace, ips }: NodePod,
    seen: string | undefined,
  ): PodRedirection {
    const { enrolment } = this.#options;
    const captured = enrolment.capturedIn(uid) !== undefined;
    // A pod without an address has not started: its turn is yet to come.
    const missing = captured || ips.length === 0 ? undefined : NOT_FOUND;
    const why = enrolment.failing.get(uid) ?? missing;
    const value = why !== undefined
      ? "pending"
      : captured
      ? "enabled"
      : undefined;
    return { uid, name, namespace, seen, value, why };
  }

  /** Of a pod that left the mesh, also while nobody looked: its rules go, and then its mark. */
  async #clean(pod: PodObject, seen: string): Promise<PodRedirection> {
    const { name, namespace } = pod.metadata;
    const uid = uidOfPod(pod);
    const common = { uid, name, namespace, seen };
    const { phase } = pod.status;
    if (phase === "Succeeded" || phase === "Failed") {
      return { ...common, value: undefined };
    }
    const why = await this.#removeRules(pod);
    return why === undefined
      ? { ...common, value: undefined }
      : { ...common, value: "pending", why };
  }

  /** @returns why they may still be there. */
  async #removeRules(pod: PodObject): Promise<string | undefined> {
    const { netnses } = this.#options;
    const uid = uidOfPod(pod);
    if (netnses.get(uid) === undefined) {
      this.#search([{ uid, ips: addressesOf(pod) }]);
    }
    const path = netnses.pathOf(uid) ?? annotatedNetns(pod);
    if (path === undefined) return NOT_FOUND;
    try {
      await removeRedirectAt(path);
      return undefined;
    } catch (reason) {
      return messageOf(reason);
    }
  }

  #search(pods: readonly Pick<NodePod, "uid" | "ips">[]): void {
    const { netnses, procRoot } = this.#options;
    const wanted = new Map(
      pods.filter(({ ips }) => ips.length > 0)
        .map(({ uid, ips }) => [uid, ips] as const),
    );
    for (const [uid, netns] of findPodNetns(wanted, procRoot)) {
      const ips = wanted.get(uid) ?? [];
      netnses.hold(uid, { netns, containerId: undefined, ips });
    }
  }

  /** A pod whose sandbox was made anew has other addresses than its old namespace. */
  #releaseStale({ uid, ips }: NodePod): void {
    const { netnses } = this.#options;
    const held = netnses.get(uid);
    if (held === undefined || held.containerId !== undefined) return;
    if (ips.length > 0 && !hasOneOf(held.netns, ips)) netnses.release(uid);
  }

  #tryLater(): void {
    clearTimeout(this.#retry);
    if (this.#options.signal.aborted) return;
    const again = () => void this.#options.reconcile().catch(() => {});
    this.#retry = setTimeout(again, ENROL_RETRY_MS);
  }
}

const addressesOf = ({ status }: PodObject): readonly Ip[] =>
  status.podIPs.map(({ ip }) => ip);
