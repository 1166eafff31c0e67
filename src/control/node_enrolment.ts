/** The pods that this node enrols itself, wherever their namespaces are told from. */
import {
  annotatedNetns,
  type KubeObject,
  type MeshSettings,
  type NodePod,
  type PodObject,
  podsOfNode,
  uidOfPod,
} from "../kube/mod.ts";
import type { PodNetns } from "./pod_netns.ts";
import type { SelfEnrolment } from "./self_enrolment.ts";

export interface NodeEnrolmentOptions {
  readonly nodeName: string;
  readonly enrolment: Pick<SelfEnrolment, "reconcile">;
  readonly netnses: PodNetns;
  /** What is to be said of pods' annotations now. */
  onWarnings(warnings: readonly string[]): void;
}

/** What the objects say, and what that means for pods of this node. */
export class NodeEnrolment {
  readonly #options: NodeEnrolmentOptions;
  #objects: readonly KubeObject[] = [];
  #settings: Partial<MeshSettings> = {};

  constructor(options: NodeEnrolmentOptions) {
    this.#options = options;
  }

  /** In force from the next {@link reconcile} on. */
  want(objects: readonly KubeObject[], settings: Partial<MeshSettings>): void {
    this.#objects = objects;
    this.#settings = settings;
    const pods = objects.filter((object) => object.kind === "Pod");
    this.#options.netnses.keep(new Set(pods.map(uidOfPod)));
    this.#options.onWarnings(this.#find().warnings);
  }

  /** Resolves when every pod has been tried once. */
  reconcile(): Promise<void> {
    return this.#options.enrolment.reconcile(this.#find().pods);
  }

  #find(): ReturnType<typeof podsOfNode> {
    const found = podsOfNode(
      this.#objects,
      this.#options.nodeName,
      this.#settings,
      (pod) => this.#netnsOf(pod),
    );
    return { ...found, pods: found.pods.map((pod) => this.#addressed(pod)) };
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
