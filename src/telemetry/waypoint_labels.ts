/** The labels that everything a waypoint counts begins with. */
import { known } from "./label_text.ts";
import { renderLabels } from "./openmetrics.ts";
import type { TrafficEnds } from "./traffic_context.ts";

/** A revision that a client does not tell; Istio has this for sources only. */
const SOURCE_REVISION = "latest";

/** From `reporter` to `destination_cluster`, in the order of Istio's waypoints. */
export function waypointLabels(ends: TrafficEnds): string {
  const { source, destination, service } = ends;
  return renderLabels({
    reporter: "waypoint",
    source_workload: known(source?.workload),
    source_canonical_service: known(source?.canonicalName),
    source_canonical_revision: known(
      source?.canonicalRevision,
      SOURCE_REVISION,
    ),
    source_workload_namespace: known(source?.namespace),
    source_principal: known(ends.sourcePrincipal),
    source_app: known(source?.app),
    source_version: known(source?.version),
    source_cluster: known(source?.cluster),
    destination_workload: known(destination?.workload),
    destination_workload_namespace: known(destination?.namespace),
    destination_principal: known(ends.destinationPrincipal),
    destination_app: known(destination?.app),
    destination_version: known(destination?.version),
    destination_service: known(service?.hostname),
    destination_canonical_service: known(destination?.canonicalName),
    destination_canonical_revision: known(destination?.canonicalRevision),
    destination_service_name: known(service?.name),
    destination_service_namespace: known(service?.namespace),
    destination_cluster: known(destination?.cluster),
  });
}

/** How the client is known. A waypoint always knows whether it is. */
export const clientSecurity = (mutualTls: boolean): string =>
  mutualTls ? "mutual_tls" : "none";
