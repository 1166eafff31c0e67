import { ipToBytes } from "../../model/address.ts";
import { sampleWorkload } from "../../model/sample_workload.ts";
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

/** A sample's resource, as far as it is more than what an absent field says. */
function resourceAt(at: number): Uint8Array {
  const sample = sampleWorkload(at);
  const services = Object.entries(sample.services).map(([key, ports]) =>
    [key, { ports: Object.entries(ports).map(portOf) }] as const
  );
  return encodeWorkload({
    uid: sample.uid,
    name: sample.name,
    namespace: sample.namespace,
    addresses: sample.ips.map(ipToBytes),
    tunnelProtocol: 1,
    trustDomain: sample.trustDomain,
    serviceAccount: sample.serviceAccount,
    node: sample.node,
    canonicalName: sample.canonicalName,
    canonicalRevision: sample.canonicalRevision,
    workloadName: sample.workloadName,
    clusterId: sample.clusterId,
    services: Object.fromEntries(services),
  }, { version: "1" });
}

const portOf = ([port, targetPort]: [string, number]) => ({
  servicePort: Number(port),
  targetPort,
});
