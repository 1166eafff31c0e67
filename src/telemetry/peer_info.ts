import type { Baggage } from "../model/baggage.ts";
import type { Workload } from "../model/workload.ts";

/** What telemetry tells of one end of a connection; an empty string is unknown. */
export interface PeerInfo {
  readonly podName: string;
  readonly workload: string;
  readonly namespace: string;
  readonly canonicalName: string;
  readonly canonicalRevision: string;
  readonly app: string;
  readonly version: string;
  readonly cluster: string;
  readonly region: string;
  readonly zone: string;
}

const known = new WeakMap<Workload, PeerInfo>();

/** One and the same object for one workload record, so that label text made of it can be kept. */
export function peerOfWorkload(workload: Workload): PeerInfo {
  const made = known.get(workload) ?? {
    podName: workload.name,
    workload: workload.workloadName,
    namespace: workload.namespace,
    canonicalName: workload.canonicalName,
    canonicalRevision: workload.canonicalRevision,
    app: workload.canonicalName,
    version: workload.canonicalRevision,
    cluster: workload.clusterId,
    region: workload.locality.region,
    zone: workload.locality.zone,
  };
  known.set(workload, made);
  return made;
}

/** What the other proxy says of its workload. As in ztunnel, `app` is the workload's name here. */
export function peerOfBaggage(baggage: Baggage): PeerInfo {
  return {
    podName: "",
    workload: baggage.workloadName,
    namespace: baggage.namespace,
    canonicalName: baggage.canonicalName,
    canonicalRevision: baggage.canonicalRevision,
    app: baggage.workloadName,
    version: baggage.canonicalRevision,
    cluster: baggage.cluster,
    region: baggage.region,
    zone: baggage.zone,
  };
}

/**
 * The same of the workload at the end of a nested tunnel, of which nothing else
 * is known: it is called by its workload's name.
 */
export const peerOfResponse = (baggage: Baggage): PeerInfo => ({
  ...peerOfBaggage(baggage),
  podName: baggage.workloadName,
});
