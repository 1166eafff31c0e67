import type { Ip } from "../model/address.ts";
import { EMPTY_DELTA } from "../model/delta.ts";
import { MeshState } from "../model/mesh_state.ts";
import { packWorkload } from "../model/packed_workload.ts";
import { slicesOf } from "../model/slices.ts";
import { DEFAULT_WORKLOAD, type Workload } from "../model/workload.ts";
import { PIECE_ENTRIES } from "./limits.ts";

/** Workloads of a rehearsal: what it takes to have the code compiled. Own choice. */
const COUNT = 3_000;

/**
 * Takes a mesh that nobody asks for, and forgets it: the code that takes one is
 * compiled before connections are there. A large mesh that came first would
 * hold them up by its compilation, for 20 to 30 ms.
 *
 * @returns How many workloads it took.
 */
export function rehearse(): number {
  const mesh = new MeshState();
  const workloads = Array.from(
    { length: COUNT },
    (_, at) => packWorkload(workloadAt(at)),
  );
  const whole = { ...EMPTY_DELTA, workloads };
  for (const piece of slicesOf(whole, PIECE_ENTRIES)) {
    mesh.applyPacked(structuredClone(piece));
  }
  return mesh.workloads.size;
}

/** One like those of pods behind a service. */
function workloadAt(at: number): Workload {
  const namespace = `namespace-${at >> 8}`;
  const service = `service-${at >> 4}`;
  const name = `${service}-5d8c7b9f6-${at}`;
  return {
    ...DEFAULT_WORKLOAD,
    uid: `Kubernetes//Pod/${namespace}/${name}`,
    name,
    namespace,
    ips: [`10.0.${at >> 8}.${at & 255}` as Ip],
    protocol: "HBONE",
    serviceAccount: service,
    node: `node-${at >> 5}`,
    canonicalName: service,
    workloadName: service,
    services: {
      [`${namespace}/${service}.${namespace}.svc.cluster.local`]: { 80: 8080 },
    },
  };
}
