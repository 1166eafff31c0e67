import type { Config } from "../config/mod.ts";
import type { BypassedPod } from "../kube/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Registry } from "../telemetry/metrics.ts";
import type { PodManager } from "../worker/pod_manager.ts";
import type { WorkerPool } from "../worker/worker_pool.ts";
import type { Cluster } from "./cluster.ts";
import type { MeshInput } from "./mesh_input.ts";
import type { Readiness } from "./readiness.ts";
import type { WaypointState } from "./waypoint_state.ts";

export interface EnrolmentOptions {
  readonly config: Config;
  /** The Kubernetes API, when the configuration names one. */
  readonly cluster: Cluster | undefined;
  readonly pods: PodManager;
  readonly workers: WorkerPool;
  readonly readiness: Readiness;
  /** The control thread's own. */
  readonly registry: Registry;
  log(scope: string): Logger;
  readonly signal: AbortSignal;
}

/** Whoever decides which pods are served. */
export interface Enrolment extends AsyncDisposable {
  /** What the configuration says now; may come before {@link begin}. */
  want(input: MeshInput): void;
  /** Starts serving: the mesh is known now. */
  begin(): Promise<void>;
  /** Rejects when it cannot go on. */
  readonly failed: Promise<never>;
  /** What it was told to do at layer 7. Default: nothing. */
  readonly waypoint?: () => WaypointState | undefined;
  /** Pods that belong to the mesh and are past the proxy. Default: none. */
  readonly bypassed?: () => readonly BypassedPod[];
}
