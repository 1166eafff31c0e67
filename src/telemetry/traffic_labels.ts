/** The label text of ztunnel's traffic metrics, put together from cached parts. */
import { known, UNKNOWN } from "./label_text.ts";
import { escapeLabel } from "./openmetrics.ts";
import type { PeerInfo } from "./peer_info.ts";
import type { ConnectionFlag, TrafficContext } from "./traffic_context.ts";
import { clientSecurity, waypointLabels } from "./waypoint_labels.ts";

/** Label text around the value of `response_flags`. */
export interface TrafficLabels {
  readonly before: string;
  readonly after: string;
}

/** In ztunnel's order, or for a waypoint in that of Istio's waypoints. */
export const trafficLabels = (context: TrafficContext): TrafficLabels =>
  context.reporter === "waypoint"
    ? waypointTrafficLabels(context)
    : nodeTrafficLabels(context);

const waypointTrafficLabels = (context: TrafficContext): TrafficLabels => ({
  before: `${waypointLabels(context)},request_protocol="tcp",response_flags="`,
  after: `",${
    label("connection_security_policy", clientSecurity(context.mutualTls))
  }`,
});

function nodeTrafficLabels(context: TrafficContext): TrafficLabels {
  const { reporter, source, destination } = context;
  const from = textsOf("source", source);
  const to = textsOf("destination", destination);
  const security = context.mutualTls ? "mutual_tls" : UNKNOWN;
  const before = `${label("reporter", reporter)},` +
    `${from.head},${label("source_principal", context.sourcePrincipal)},` +
    `${from.tail},${serviceLabels(context.service)},` +
    `${to.head},${
      label("destination_principal", context.destinationPrincipal)
    },` +
    `${to.tail},request_protocol="tcp",response_flags="`;
  const after = `",${label("connection_security_policy", security)}`;
  if (source === undefined && destination === undefined) {
    return { before, after };
  }
  return { before, after: `${after},${from.locality},${to.locality}` };
}

/** The label text of a connection that ended in `flag`. */
export const withFlag = (labels: TrafficLabels, flag: ConnectionFlag): string =>
  labels.before + flag + labels.after;

type Side = "source" | "destination";

/** One peer's labels: before its principal, after it, and where it runs. */
interface PeerTexts {
  readonly head: string;
  readonly tail: string;
  readonly locality: string;
}

const cache: Record<Side, WeakMap<PeerInfo, PeerTexts>> = {
  source: new WeakMap(),
  destination: new WeakMap(),
};

const NOBODY: Record<Side, PeerTexts> = {
  source: makeTexts("source", undefined),
  destination: makeTexts("destination", undefined),
};

function textsOf(side: Side, peer: PeerInfo | undefined): PeerTexts {
  if (peer === undefined) return NOBODY[side];
  const kept = cache[side].get(peer);
  if (kept !== undefined) return kept;
  const made = makeTexts(side, peer);
  cache[side].set(peer, made);
  return made;
}

function makeTexts(side: Side, peer: PeerInfo | undefined): PeerTexts {
  const join = (...pairs: [name: string, value: string | undefined][]) =>
    pairs.map(([name, value]) => label(`${side}_${name}`, value)).join(",");
  return {
    head: join(
      ["workload", peer?.workload],
      ["canonical_service", peer?.canonicalName],
      ["canonical_revision", peer?.canonicalRevision],
      ["workload_namespace", peer?.namespace],
    ),
    tail: join(
      ["app", peer?.app],
      ["version", peer?.version],
      ["cluster", peer?.cluster],
    ),
    locality: join(["region", peer?.region], ["zone", peer?.zone]),
  };
}

const serviceLabels = (service: TrafficContext["service"]): string =>
  [
    label("destination_service", service?.hostname),
    label("destination_service_namespace", service?.namespace),
    label("destination_service_name", service?.name),
  ].join(",");

function label(name: string, value: string | undefined): string {
  return `${name}="${escapeLabel(known(value))}"`;
}
