/** Pods and their open connections in ztunnel's JSON. */
import { formatAddress } from "../model/address.ts";
import type { Json } from "./json.ts";
import type { ConnectionRow, PodRow } from "./rows.ts";

/** Pods by uid. */
export const dumpPods = (pods: readonly PodRow[]): Json =>
  Object.fromEntries(pods.map((pod) => [pod.uid, dumpPod(pod)]));

const dumpPod = (pod: PodRow): Json => ({
  state: pod.state,
  info: {
    name: pod.name,
    namespace: pod.namespace,
    serviceAccount: pod.serviceAccount,
  },
  connections: pod.connections && {
    inbound: dumpConnections(pod.connections.inbound),
    outbound: dumpConnections(pod.connections.outbound),
  },
});

/** As a set: equal addresses and protocol are one entry. Ordered by source. */
function dumpConnections(rows: readonly ConnectionRow[]): Json {
  const entries = new Map<string, Json>();
  for (const row of rows) {
    const src = formatAddress(row.src);
    const actualDst = formatAddress(row.actualDst);
    const originalDst = row.originalDst ?? null;
    const { protocol, lane, relay } = row;
    entries.set(
      [src, actualDst, originalDst, protocol].join(" "),
      { src, originalDst, actualDst, protocol, lane, relay },
    );
  }
  const ordered = [...entries].sort(([a], [b]) => a < b ? -1 : 1);
  return ordered.map(([, entry]) => entry);
}
