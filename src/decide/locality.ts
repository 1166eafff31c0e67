import type { LoadBalancer, RoutingScope } from "../model/service.ts";
import type { Workload } from "../model/workload.ts";

/**
 * How near an endpoint is, by the service's routing preferences. Only the
 * endpoints of the highest score are to be used.
 *
 * Preferences count in order up to the first that differs. Where the network
 * comes first it outweighs all others together, and one that differs does not
 * end the count: near endpoints behind a gateway still beat far ones.
 *
 * @returns undefined when the endpoint must not be used at all: in strict mode
 *   every preference has to hold.
 */
export function localityScore(
  source: Workload,
  endpoint: Workload,
  loadBalancer: LoadBalancer | undefined,
): number | undefined {
  if (loadBalancer === undefined || loadBalancer.mode === "Standard") return 0;
  const preferences = loadBalancer.routingPreferences;
  const networkFirst = preferences[0] === "Network";
  let rank = 0;
  let bonus = 0;
  for (const scope of preferences) {
    const mayDiffer = networkFirst && scope === "Network";
    if (scopeOf(source, scope) === scopeOf(endpoint, scope)) {
      rank++;
      if (mayDiffer) bonus = preferences.length - 1;
    } else if (!mayDiffer) break;
  }
  if (loadBalancer.mode === "Strict" && rank !== preferences.length) {
    return undefined;
  }
  return rank + bonus;
}

function scopeOf(workload: Workload, scope: RoutingScope): string {
  switch (scope) {
    case "Network":
      return workload.network;
    case "Region":
      return workload.locality.region;
    case "Zone":
      return workload.locality.zone;
    case "Subzone":
      return workload.locality.subzone;
    case "Node":
      return workload.node;
    case "Cluster":
      return workload.clusterId;
    default:
      throw new Error(`unhandled: ${scope satisfies never}`);
  }
}
