import type { Explain } from "../admin/explain_route.ts";
import type { Config } from "../config/mod.ts";
import type { CertificateManager } from "../control/certificates/mod.ts";
import type { MeshStore } from "../control/mesh_store.ts";
import {
  explain,
  type ExplainContext,
  type ExplainedWaypoint,
} from "../decide/explain/mod.ts";
import { type WaypointOrders, WaypointView } from "../proxy/waypoint/view.ts";
import type { PodManager } from "../worker/pod_manager.ts";

/** What the answers are made of. */
export interface ExplainParts {
  readonly config: Config;
  readonly store: Pick<MeshStore, "mesh">;
  readonly certificates: Pick<CertificateManager, "snapshot">;
  readonly pods: Pick<PodManager, "list">;
  readonly workers: { readonly waypointOrders: WaypointOrders | undefined };
}

/** Answers by what this process knows when it is asked. */
export const explainBy = (parts: ExplainParts): Explain => (question) =>
  explain(contextOf(parts), question);

function contextOf(parts: ExplainParts): ExplainContext {
  const { config, store: { mesh }, certificates, pods } = parts;
  const up = new Set(
    pods.list().filter((pod) => pod.up).map(({ info }) => nameKey(info)),
  );
  const states = new Map(
    certificates.snapshot().map((row) => [row.spiffeId, row.state]),
  );
  return {
    mesh,
    network: config.network,
    clusterDomain: config.clusterDomain,
    node: config.nodeName,
    nodeLocalLane: config.nodeLocalLane,
    waypointBypass: config.waypointBypass,
    waypointUnreachable: config.waypointUnreachable,
    serves: (workload) =>
      workload.node === config.nodeName && up.has(nameKey(workload)),
    certificateOf: (spiffeId) => states.get(spiffeId),
    waypoint: waypointOf(parts),
  };
}

/** undefined until the waypoint knows itself. */
function waypointOf(
  { config, store: { mesh }, pods, workers }: ExplainParts,
): ExplainedWaypoint | undefined {
  const { gateway } = config;
  const [pod] = pods.list();
  const orders = workers.waypointOrders;
  const workload = pod && mesh.localWorkload(pod.info);
  if (gateway === undefined || orders === undefined || workload === undefined) {
    return undefined;
  }
  return {
    gateway: `${gateway.namespace}/${gateway.name}`,
    workload,
    view: new WaypointView(orders),
  };
}

const nameKey = (
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string => `${namespace}/${name}`;
