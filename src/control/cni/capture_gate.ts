/** Answers the plugin: decides, has the pod captured, and says how that went. */
import { messageOf } from "../../base/errors.ts";
import {
  decidePod,
  type KubeObject,
  type MeshSettings,
  type PodDecision,
  type PodObject,
  uidOfPod,
} from "../../kube/mod.ts";
import { parseIp } from "../../model/address.ts";
import { netnsIdAt, openNetns } from "../../sys/netns.ts";
import type { NodeAnswer, PodMessage } from "../../wire/cni/mod.ts";
import type { PodNetns } from "../pod_netns.ts";
import type { SelfEnrolment } from "../self_enrolment.ts";
import { UNKNOWN_POD_WAIT_MS } from "./limits.ts";
import type { PodGate } from "./node_server.ts";

export interface CaptureGateOptions {
  readonly netnses: PodNetns;
  readonly enrolment: Pick<
    SelfEnrolment,
    "failing" | "capturedIn" | "differenceOf"
  >;
  /** Brings pods in line with the namespaces that are held. */
  reconcile(): Promise<void>;
  /**
   * Whether objects tell of every pod sooner or later. Without the Kubernetes
   * API they do not, and a pod that none tells of is none of the mesh's.
   */
  readonly tellsOfAll: boolean;
  /** Default {@link UNKNOWN_POD_WAIT_MS}. */
  readonly unknownWaitMs?: number;
  /** Where the node's proc file system is: a runtime may name a namespace by its process. Default `/proc`. */
  readonly procRoot?: string;
}

interface Known {
  readonly objects: readonly KubeObject[];
  readonly settings: Partial<MeshSettings>;
}

export class CaptureGate implements PodGate {
  readonly #options: CaptureGateOptions;
  #known: Known | undefined;
  #begun = false;
  #news = Promise.withResolvers<void>();

  constructor(options: CaptureGateOptions) {
    this.#options = options;
  }

  /** What is known of pods from now on. */
  know(known: Known): void {
    this.#known = known;
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** From now on pods can be served. */
  begin(): void {
    this.#begun = true;
  }

  async add(message: PodMessage): Promise<NodeAnswer> {
    const decision = await this.#decide(message);
    switch (decision.kind) {
      case "pass":
        return { outcome: "passed" };
      case "enrol":
        return await this.#capture(message, decision.pod);
      case "unknown":
        return this.#unknown();
      default:
        throw new Error(`unhandled: ${decision satisfies never}`);
    }
  }

  async check(message: PodMessage): Promise<NodeAnswer> {
    const decision = this.#look(message);
    if (decision.kind === "pass") return { outcome: "passed" };
    if (decision.kind === "unknown") return this.#unknown();
    const uid = uidOfPod(decision.pod);
    if (!this.#isCaptured(uid, this.#pathHere(message.netns))) {
      return refused("its namespace is not captured");
    }
    try {
      const difference = await this.#options.enrolment.differenceOf(uid);
      if (difference === undefined) return { outcome: "captured" };
      return refused(`its redirection was changed: ${difference}`);
    } catch (reason) {
      return refused(messageOf(reason));
    }
  }

  async del({ containerId }: PodMessage): Promise<NodeAnswer> {
    const { netnses, reconcile } = this.#options;
    const uid = netnses.uidOfContainer(containerId);
    if (uid !== undefined) {
      netnses.release(uid);
      await reconcile();
    }
    return { outcome: "done" };
  }

  status(): NodeAnswer {
    return this.#begun ? { outcome: "done" } : NOT_READY;
  }

  /** A runtime may be faster than the watch that tells of its pod. */
  async #decide(message: PodMessage): Promise<PodDecision> {
    const { unknownWaitMs = UNKNOWN_POD_WAIT_MS } = this.#options;
    const over = Promise.withResolvers<"over">();
    const timer = setTimeout(() => over.resolve("over"), unknownWaitMs);
    try {
      for (;;) {
        const decision = this.#look(message);
        if (decision.kind !== "unknown") return decision;
        const news = this.#news.promise.then(() => "news" as const);
        if (await Promise.race([news, over.promise]) === "over") {
          return decision;
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #look(message: PodMessage): PodDecision {
    if (this.#known === undefined) return { kind: "unknown" };
    const { objects, settings } = this.#known;
    const decision = decidePod(objects, message, settings);
    const isNobodys = decision.kind === "unknown" && !this.#options.tellsOfAll;
    return isNobodys ? { kind: "pass" } : decision;
  }

  #unknown(): NodeAnswer {
    return this.#known === undefined
      ? refused("the node process does not know the mesh yet")
      : refused("no object tells of it");
  }

  async #capture(message: PodMessage, pod: PodObject): Promise<NodeAnswer> {
    if (!this.#begun) return NOT_READY;
    const { containerId } = message;
    const netns = this.#pathHere(message.netns);
    if (netns === undefined) return refused("its namespace is not named");
    const { netnses, enrolment, reconcile } = this.#options;
    const uid = uidOfPod(pod);
    const ips = message.ips.flatMap((text) => parseIp(text) ?? []);
    try {
      netnses.hold(uid, { netns: openNetns(netns), containerId, ips });
      await reconcile();
    } catch (reason) {
      return refused(messageOf(reason));
    }
    if (this.#isCaptured(uid, netns)) return { outcome: "captured" };
    const why = enrolment.failing.get(uid) ?? "it is gone meanwhile";
    // The runtime ends this sandbox now, and comes again with another one.
    if (netnses.uidOfContainer(containerId) === uid) {
      netnses.release(uid);
      await reconcile();
    }
    return refused(why);
  }

  /** What the node calls `/proc` has another place in a container. */
  #pathHere(path: string | undefined): string | undefined {
    const { procRoot = "/proc" } = this.#options;
    return path?.replace(/^\/proc(?=\/)/, () => procRoot);
  }

  #isCaptured(uid: string, path: string | undefined): boolean {
    const captured = this.#options.enrolment.capturedIn(uid);
    return captured !== undefined && path !== undefined &&
      netnsIdAt(path) === captured;
  }
}

const refused = (reason: string): NodeAnswer => ({
  outcome: "refused",
  reason,
});

const NOT_READY = refused("the node process is not ready yet");
