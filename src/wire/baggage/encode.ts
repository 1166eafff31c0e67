import type { Baggage } from "../../model/baggage.ts";
import type { Workload } from "../../model/workload.ts";
import { BAGGAGE_VALUE_MAX } from "./limits.ts";

/** What this proxy tells of a workload that it serves. */
export function baggageOfWorkload(workload: Workload): Baggage {
  return {
    cluster: workload.clusterId,
    namespace: workload.namespace,
    workloadType: workload.workloadType,
    workloadName: workload.workloadName,
    canonicalName: workload.canonicalName,
    canonicalRevision: workload.canonicalRevision,
    region: workload.locality.region,
    zone: workload.locality.zone,
  };
}

/**
 * Writes the `baggage` header in ztunnel's order. Empty values are left out,
 * and so are those that the unescaped format cannot carry.
 */
export function encodeBaggage(baggage: Baggage): string {
  const members: [key: string, value: string][] = [
    ["k8s.cluster.name", baggage.cluster],
    ["k8s.namespace.name", baggage.namespace],
    [`k8s.${baggage.workloadType}.name`, baggage.workloadName],
    ["service.name", baggage.canonicalName],
    ["service.version", baggage.canonicalRevision],
    ["cloud.region", baggage.region],
    ["cloud.availability_zone", baggage.zone],
  ];
  return members
    .filter(([, value]) => isPlain(value))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** Printable ASCII without the two characters that structure the header. */
const isPlain = (value: string): boolean =>
  value.length <= BAGGAGE_VALUE_MAX && /^[ -+\--<>-~]+$/.test(value);
