import type { PeerInfo } from "./peer_info.ts";
import type { ServiceNames, TrafficContext } from "./traffic_context.ts";

/** Contexts kept for one peer; more of them are looked up by their labels. */
const CONTEXTS_PER_PEER_MAX = 64;

/**
 * What is known of contexts that differ in nothing that labels tell, such as
 * those of one pod's connections to another: to put the label text together,
 * and to look it up, costs much more than to compare what it is made of.
 */
export class KnownTraffic<Value> {
  readonly #byPeer = new WeakMap<PeerInfo, Known<Value>[]>();

  get(context: TrafficContext): Value | undefined {
    const peer = keyOf(context);
    const known = peer && this.#byPeer.get(peer);
    if (known === undefined) return undefined;
    for (const { labels, value } of known) {
      if (sameLabels(labels, context)) return value;
    }
    return undefined;
  }

  /** Keeps it, where there is room and a peer to keep it by. */
  set(context: TrafficContext, value: Value): void {
    const peer = keyOf(context);
    if (peer === undefined) return;
    const known = this.#byPeer.get(peer) ?? [];
    if (known.length >= CONTEXTS_PER_PEER_MAX) return;
    known.push({ labels: labelsOf(context), value });
    this.#byPeer.set(peer, known);
  }
}

/** What labels are made of; the addresses are not. */
type Labelled = Pick<
  TrafficContext,
  | "reporter"
  | "source"
  | "sourcePrincipal"
  | "destination"
  | "destinationPrincipal"
  | "service"
  | "mutualTls"
>;

interface Known<Value> {
  readonly labels: Labelled;
  readonly value: Value;
}

/** Peers are told by identity: a workload's is one object as long as its record. */
const keyOf = ({ source, destination }: TrafficContext): PeerInfo | undefined =>
  destination ?? source;

const labelsOf = (
  {
    reporter,
    source,
    sourcePrincipal,
    destination,
    destinationPrincipal,
    service,
    mutualTls,
  }: TrafficContext,
): Labelled => ({
  reporter,
  source,
  sourcePrincipal,
  destination,
  destinationPrincipal,
  service,
  mutualTls,
});

const sameLabels = (a: Labelled, b: TrafficContext): boolean =>
  a.source === b.source && a.destination === b.destination &&
  a.reporter === b.reporter && a.mutualTls === b.mutualTls &&
  a.sourcePrincipal === b.sourcePrincipal &&
  a.destinationPrincipal === b.destinationPrincipal &&
  sameService(a.service, b.service);

const sameService = (
  a: ServiceNames | undefined,
  b: ServiceNames | undefined,
): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && a.hostname === b.hostname &&
    a.name === b.name && a.namespace === b.namespace);
