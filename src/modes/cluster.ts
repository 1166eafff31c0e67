/** The Kubernetes API as this process uses it. */
import type { Config } from "../config/mod.ts";
import {
  followKubeApi,
  type FollowOptions,
  type KubeClient,
  type KubeFollowing,
  StatusWriter,
} from "../control/kube_api/mod.ts";
import { NodeTaint, type NodeTaintOptions } from "../control/node_taint.ts";
import { OwnDaemonSet } from "../control/own_daemonset.ts";
import { PodRepair, type PodRepairOptions } from "../control/pod_repair.ts";
import { RedirectionStatus } from "../control/redirection_status.ts";
import { systemClock } from "../control/system_clock.ts";
import { STATUS_KINDS, statusPlan } from "../kube/mod.ts";
import type { WaypointConfig } from "../model/waypoint_config.ts";
import { openKubeClient } from "./kube_client.ts";
import { kubeScopes } from "./kube_scopes.ts";
import type { MeshInput } from "./mesh_input.ts";
import type { Observability } from "./observability.ts";

export class Cluster implements Disposable {
  readonly #config: Config;
  readonly #seen: Observability;
  readonly #client: KubeClient;
  #statuses: StatusWriter | undefined;

  private constructor(config: Config, seen: Observability, client: KubeClient) {
    this.#config = config;
    this.#seen = seen;
    this.#client = client;
  }

  /**
   * Reads how the API is reached; asks it nothing yet.
   *
   * @returns undefined when the configuration names no API.
   * @throws {HairpinError} when a file cannot be read or used.
   */
  static async open(
    config: Config,
    seen: Observability,
  ): Promise<Cluster | undefined> {
    const { kube } = config;
    if (kube === undefined) return undefined;
    return new Cluster(config, seen, await openKubeClient(kube));
  }

  /** Follows the objects that this process needs. */
  follow(
    { onUpdate, signal }: Pick<FollowOptions, "onUpdate" | "signal">,
  ): KubeFollowing {
    const common = {
      api: this.#client,
      clock: systemClock,
      random: Math.random,
      log: this.#seen.log("kube"),
      signal,
    };
    const following = followKubeApi({
      ...common,
      scopes: kubeScopes(this.#config),
      ...this.#config.mode === "waypoint" && { statusKinds: STATUS_KINDS },
      counters: this.#seen.kubeApi,
      onUpdate,
      onRecords: () => this.#statuses?.look(),
    });
    this.#statuses = new StatusWriter({
      ...common,
      fieldManager: "hairpin-waypoint",
      records: () => following.records(),
      onFailure: (kind, status) => this.#seen.kubeApi.failed(kind, status),
    });
    return following;
  }

  /** Writes which pods of this node are redirected. */
  redirectionStatus(signal: AbortSignal): RedirectionStatus {
    return new RedirectionStatus({
      api: this.#client,
      log: this.#seen.log("kube"),
      nowMs: () => systemClock.nowMs(),
      signal,
    });
  }

  /** The DaemonSet of this process; undefined where its pod is not named. */
  ownDaemonSet(signal: AbortSignal): OwnDaemonSet | undefined {
    const { namespace, name } = this.#config.pod;
    if (namespace === undefined || name === undefined) return undefined;
    return new OwnDaemonSet({
      api: this.#client,
      clock: systemClock,
      namespace,
      podName: name,
      nodeName: this.#config.nodeName,
      notReadyTaint: this.#config.nodeSide.taint,
      log: this.#seen.log("cni"),
    }, signal);
  }

  /** Acts on pods that cannot be enrolled as they are. */
  podRepair(
    options: Pick<PodRepairOptions, "tell" | "count" | "signal">,
  ): PodRepair {
    return new PodRepair({
      ...options,
      action: this.#config.nodeSide.repair,
      api: this.#client,
      nowMs: () => systemClock.nowMs(),
      log: this.#seen.log("kube"),
    });
  }

  /** Keeps this node without the taint, while pods may come. */
  nodeTaint(
    options: Pick<NodeTaintOptions, "key" | "mayRemove" | "signal">,
  ): NodeTaint {
    return new NodeTaint({
      ...options,
      api: this.#client,
      clock: systemClock,
      nodeName: this.#config.nodeName,
      log: this.#seen.log("kube"),
    });
  }

  /** Has the statuses say what the waypoint makes of the objects. */
  report(
    { objects, settings, translation }: MeshInput,
    { gateway, statuses }: Pick<WaypointConfig, "gateway" | "statuses">,
  ): void {
    const { services } = translation;
    this.#statuses?.follow(
      statusPlan({ objects, settings, services, gateway, statuses }),
    );
  }

  [Symbol.dispose](): void {
    this.#statuses?.[Symbol.dispose]();
    this.#client[Symbol.dispose]();
  }
}
