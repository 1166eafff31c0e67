/** The pods that this node enrols itself, wherever their namespaces are told from. */
import {
  annotatedNetns,
  type BypassedPod,
  type KubeObject,
  type MeshSettings,
  type NodePod,
  type PodObject,
  podsOfNode,
  uidOfPod,
} from "../kube/mod.ts";
import type { PodNetns } from "./pod_netns.ts";
import type { SelfEnrolment } from "./self_enrolment.ts";

/** What is done beside where the Kubernetes API tells of pods. */
export interface ClusterPods {
  /** Finds the namespaces of pods that nobody told of. */
  seek(pods: readonly NodePod[]): void;
  /** Brings annotations, and what stands behind them, in line with a turn. */
  settle(pods: readonly PodObject[], wanted: readonly NodePod[]): Promise<void>;
}

export interface NodeEnrolmentOptions {
  readonly nodeName: string;
  readonly enrolment: Pick<SelfEnrolment, "reconcile">;
  readonly netnses: PodNetns;
  readonly cluster: ClusterPods | undefined;
  /** What is to be said of pods' annotations now. */
  onWarnings(warnings: readonly string[]): void;
  /** Told after every turn: whose rules are out now. */
  onBypassed(pods: readonly BypassedPod[]): Promise<void>;
}

/** What the objects say, and what that means for pods of this node. */
export class NodeEnrolment {
  readonly #options: NodeEnrolmentOptions;
  #objects: readonly KubeObject[] = [];
  #settings: Partial<MeshSettings> = {};
  #turn: Promise<void> = Promise.resolve();
  /** The turn that has not begun yet: it does for everybody who asks meanwhile. */
  #next: Promise<void> | undefined;

  constructor(options: NodeEnrolmentOptions) {
    this.#options = options;
  }

  /** In force from the next {@link reconcile} on. */
  want(objects: readonly KubeObject[], settings: Partial<MeshSettings>): void {
    this.#objects = objects;
    this.#settings = settings;
    const pods = objects.filter((object) => object.kind === "Pod");
    this.#options.netnses.keep(new Set(pods.map(uidOfPod)));
    const known = (pod: PodObject) => this.#netnsOf(pod);
    this.#options.onWarnings(this.#find(known).warnings);
  }

  /** Resolves when every pod has been tried once. */
  reconcile(): Promise<void> {
    return this.#turn = this.#next ??= this.#turn.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.#run();
    });
  }

  async #run(): Promise<void> {
    const { cluster, enrolment, nodeName } = this.#options;
    const all = cluster && this.#find((pod) => this.#netnsOf(pod) ?? "").pods;
    if (all !== undefined) cluster?.seek(all);
    const { pods, bypassed } = this.#find((pod) => this.#netnsOf(pod));
    await enrolment.reconcile(pods.map((pod) => this.#addressed(pod)));
    await this.#options.onBypassed(bypassed);
    if (all === undefined) return;
    const own = this.#objects.filter((object) =>
      object.kind === "Pod" && object.spec.nodeName === nodeName
    );
    await cluster?.settle(own as PodObject[], all);
  }

  #find(netnsOf: (pod: PodObject) => string | undefined) {
    const { nodeName } = this.#options;
    return podsOfNode(this.#objects, nodeName, this.#settings, netnsOf);
  }

  /** A runtime's word is newer than an annotation's. */
  #netnsOf(pod: PodObject): string | undefined {
    return this.#options.netnses.pathOf(uidOfPod(pod)) ?? annotatedNetns(pod);
  }

  #addressed(pod: NodePod): NodePod {
    const held = this.#options.netnses.get(pod.uid);
    return pod.ips.length > 0 || held === undefined
      ? pod
      : { ...pod, ips: held.ips };
  }
}
