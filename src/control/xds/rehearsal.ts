import { slicesOf } from "../../model/slices.ts";
import { ADDRESS_TYPE, encodeWorkload } from "../../wire/xds/mod.ts";
import { MeshStore } from "../mesh_store.ts";
import { KnownResources } from "./known_resources.ts";
import { APPLY_SLICE_MAX } from "./limits.ts";
import { readResponse } from "./read_response.ts";

/** Workloads of a rehearsal: what it takes to have the code compiled. Own choice. */
const COUNT = 2_000;

/**
 * Reads an update that nobody sent into a store that nobody asks, and forgets
 * both: threads of the compiler do not take the processors from connections
 * when a large update comes first.
 *
 * @returns How many workloads the store had.
 */
export async function rehearseUpdate(): Promise<number> {
  const store = new MeshStore(() => {});
  const resources = Array.from({ length: COUNT }, (_, at) => resourceAt(at));
  const update = { resources, removedResources: [] };
  const refusals = await readResponse(
    update,
    ADDRESS_TYPE,
    new KnownResources(),
    ({ delta }) => {
      for (const slice of slicesOf(delta, APPLY_SLICE_MAX)) {
        store.update("rehearsal", slice);
      }
      return Promise.resolve();
    },
  );
  if (refusals[0] !== undefined) throw new Error(refusals[0]);
  return store.mesh.workloads.size;
}

/** One like those of pods behind a service. */
function resourceAt(at: number): Uint8Array {
  const namespace = `namespace-${at >> 8}`;
  const service = `service-${at >> 4}`;
  const name = `${service}-5d8c7b9f6-${at}`;
  return encodeWorkload({
    uid: `Kubernetes//Pod/${namespace}/${name}`,
    name,
    namespace,
    addresses: [Uint8Array.of(10, 0, at >> 8, at & 255)],
    tunnelProtocol: 1,
    trustDomain: "cluster.local",
    serviceAccount: service,
    node: `node-${at >> 5}`,
    canonicalName: service,
    canonicalRevision: "v1",
    workloadName: service,
    clusterId: "Kubernetes",
    services: {
      [`${namespace}/${service}.${namespace}.svc.cluster.local`]: {
        ports: [{ servicePort: 80, targetPort: 8080 }],
      },
    },
  });
}
