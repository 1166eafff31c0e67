import type { Ip } from "./address.ts";
import { DEFAULT_WORKLOAD, type Workload } from "./workload.ts";

/**
 * A workload that nobody has, like those of pods behind a service: for whoever
 * rehearses what a mesh will ask of it.
 *
 * @param at Its number among others, from 0 to 65_535. 16 share a service.
 */
export function sampleWorkload(at: number): Workload {
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
    canonicalRevision: "v1",
    workloadName: service,
    services: {
      [`${namespace}/${service}.${namespace}.svc.cluster.local`]: { 80: 8080 },
    },
  };
}
