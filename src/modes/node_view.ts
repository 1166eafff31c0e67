import type { ConfigDump, PodRow, ServiceRow } from "../admin/rows.ts";
import type { Config } from "../config/mod.ts";
import type { CertificateManager } from "../control/certificates/mod.ts";
import type { MeshStore } from "../control/mesh_store.ts";
import type { BypassedPod, PodMark } from "../kube/mod.ts";
import { serviceKey } from "../model/service.ts";
import type { ConnectionRow } from "../proxy/connection_table.ts";
import {
  mergeSnapshots,
  type MetricsSnapshot,
  type Registry,
} from "../telemetry/metrics.ts";
import type { WorkerSnapshot } from "../worker/messages.ts";
import type { HeldPod, PodManager } from "../worker/pod_manager.ts";
import type { WorkerPool } from "../worker/worker_pool.ts";
import { BUILD } from "./build.ts";
import type { MeshSources } from "./mesh_sources.ts";
import { VERSION } from "./version.ts";
import { type WaypointState, worstKeys } from "./waypoint_state.ts";

export interface NodeParts {
  readonly config: Config;
  readonly store: MeshStore;
  readonly certificates: CertificateManager;
  readonly pods: PodManager;
  readonly workers: WorkerPool;
  readonly sources: MeshSources;
  readonly registry: Registry;
  /** What a waypoint was told; undefined in node mode. */
  told(): WaypointState | undefined;
  bypassed(): readonly BypassedPod[];
  /** Nothing where the API is not the source. */
  marks(): readonly PodMark[];
}

/** What the admin server is shown of a node: copies, put together when asked. */
export class NodeView {
  readonly #parts: NodeParts;

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  async metrics(): Promise<MetricsSnapshot> {
    const { workers, registry } = this.#parts;
    const snapshots = await workers.snapshots();
    return mergeSnapshots([
      registry.snapshot(),
      ...snapshots.map(({ metrics }) => metrics),
    ]);
  }

  async dump(): Promise<ConfigDump> {
    const { config, store, certificates, pods, workers, sources } = this.#parts;
    const { mesh } = store;
    const snapshots = await workers.snapshots();
    const told = this.#parts.told();
    return {
      config,
      version: versionRow(config),
      workloads: [...mesh.workloads.values()],
      services: this.#services(),
      policies: [...mesh.policies.values()],
      stagedServices: Array.from(
        mesh.stagedEndpoints(),
        ([key, endpoints]) => ({ key, endpoints }),
      ),
      staticConfig: sources.local,
      certificates: certificates.snapshot().map(({ spiffeId, state }) => ({
        identity: spiffeId,
        state,
      })),
      pods: pods.list().map((pod) => podRow(pod, snapshots)),
      bypassedPods: this.#parts.bypassed(),
      podMarks: this.#parts.marks(),
      configErrors: sources.errors(),
      ...told && { waypoint: { ...told, keys: worstKeys(snapshots) } },
    };
  }

  #services(): ServiceRow[] {
    const { mesh } = this.#parts.store;
    return Array.from(mesh.services.values(), (service) => ({
      service,
      endpoints: mesh.allEndpoints(serviceKey(service)),
    }));
  }
}

const versionRow = ({ istioVersion }: Config) => ({
  version: VERSION,
  gitRevision: BUILD?.commit ?? "unknown",
  rustVersion: "unknown",
  buildProfile: BUILD === undefined ? "source" : "release",
  buildStatus: "unknown",
  istioVersion,
  cryptoProvider: `rustls (Deno ${Deno.version.deno})`,
});

function podRow(
  { info, up }: HeldPod,
  snapshots: readonly WorkerSnapshot[],
): PodRow {
  const rows = snapshots.flatMap(({ connections }) =>
    connections.filter(({ uid }) => uid === info.uid).flatMap((c) => c.rows)
  );
  const of = (direction: ConnectionRow["direction"]) =>
    rows.filter((row) => row.direction === direction);
  return {
    ...info,
    state: up ? "Up" : "Pending",
    ...(up
      ? {
        connections: { inbound: of("inbound"), outbound: of("outbound") },
      }
      : {}),
  };
}
