/** ztunnel's figures about DNS in pods. */
import type { Workload } from "../model/workload.ts";
import type { Counter, Histogram, Labels, Registry } from "./metrics.ts";

/** How a query came. */
export type DnsProtocol = "udp" | "tcp";

/** Bounds of an upstream's answer time, in seconds. As in ztunnel. */
const DURATION_BOUNDS = [0.0005, 0.001, 0.01, 0.1, 1, 5];

/** Families of `istio_dns_*`; one instance a thread. */
export class DnsMetrics {
  readonly #requests: Counter;
  readonly #forwarded: Counter;
  readonly #failures: Counter;
  readonly #durations: Histogram;

  constructor(registry: Registry) {
    this.#requests = registry.counter({
      name: "istio_dns_requests",
      help: "The number of DNS queries of pods (unstable)",
    });
    this.#forwarded = registry.counter({
      name: "istio_dns_upstream_requests",
      help: "The number of DNS queries that were forwarded (unstable)",
    });
    this.#failures = registry.counter({
      name: "istio_dns_upstream_failures",
      help: "The number of forwarded DNS queries that got no answer (unstable)",
    });
    this.#durations = registry.histogram({
      name: "istio_dns_upstream_request_duration_seconds",
      help: "How long forwarded DNS queries took (unstable)",
      unit: "seconds",
    }, DURATION_BOUNDS);
  }

  request(labels: Labels): void {
    this.#requests.with(labels).value++;
  }

  /** @param failed Whether there was no answer at all. */
  forwarded(labels: Labels, seconds: number, failed: boolean): void {
    this.#forwarded.with(labels).value++;
    if (failed) this.#failures.with(labels).value++;
    this.#durations.with(labels).observe(seconds);
  }
}

/** @param source Unknown when the mesh has no record of the pod. */
export const dnsLabels = (
  type: string,
  protocol: DnsProtocol,
  source: Workload | undefined,
): Labels => ({
  request_query_type: type,
  request_protocol: protocol,
  source_canonical_service: source?.canonicalName || "unknown",
  source_canonical_revision: source?.canonicalRevision || "unknown",
});
