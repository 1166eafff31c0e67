/**
 * Every metric that hairpin can show, with its labels: the product's own
 * classes are made over a registry, moved once, and looked at.
 */
import { parseSocketAddress } from "../../src/model/address.ts";
import { DEFAULT_WORKLOAD } from "../../src/model/workload.ts";
import {
  CrlMetrics,
  DeployerMetrics,
  KubeApiMetrics,
  ReloadMetrics,
  XdsMetrics,
} from "../../src/telemetry/control_metrics.ts";
import { dnsLabels, DnsMetrics } from "../../src/telemetry/dns_metrics.ts";
import {
  bypassedPodsGauge,
  HairpinMetrics,
  openConnectionsCounter,
  repairedPodsCounter,
} from "../../src/telemetry/hairpin_metrics.ts";
import { HttpTrafficMetrics } from "../../src/telemetry/http_traffic.ts";
import { Registry } from "../../src/telemetry/metrics.ts";
import type { FamilySnapshot } from "../../src/telemetry/openmetrics.ts";
import {
  PodMetrics,
  registerBuild,
  registerProcess,
  WorkerMetrics,
} from "../../src/telemetry/process_metrics.ts";
import { peerOfWorkload, TrafficMetrics } from "../../src/telemetry/traffic.ts";
import type { TrafficContext } from "../../src/telemetry/traffic_context.ts";

/** Metrics of one part, in the order in which the part registers them. */
export interface Group {
  readonly title: string;
  readonly families: readonly FamilySnapshot[];
}

/** Who tells which metrics, in the order of the page. */
const PARTS: readonly (readonly [string, (registry: Registry) => void])[] = [
  ["Connections", moveTraffic],
  ["Requests at a waypoint", moveHttp],
  ["Ways of connections, waypoints and policies", moveFigures],
  ["Pods", movePods],
  ["DNS in pods", moveDns],
  ["Control plane", moveControl],
  ["The process and its threads", moveProcess],
];

/** All groups; what every registry has by itself comes once, with the last. */
export function metricGroups(): readonly Group[] {
  const groups = PARTS.map(([title, move]) => {
    const registry = new Registry();
    move(registry);
    return { title, families: registry.snapshot().slice(1) };
  });
  groups.at(-1)!.families.push(overflows());
  return groups;
}

/** The family of a registry's own. */
function overflows(): FamilySnapshot {
  const registry = new Registry();
  registry.counter({ name: "full", help: "Nothing fits", seriesMax: 0 }).with();
  return registry.snapshot()[0]!;
}

const HERE = parseSocketAddress("192.0.2.1:1")!;
const PEER = peerOfWorkload(DEFAULT_WORKLOAD);

function moveTraffic(registry: Registry): void {
  const context: TrafficContext = {
    reporter: "source",
    source: PEER,
    destination: PEER,
    src: HERE,
    dst: HERE,
    mutualTls: true,
  };
  const traffic = new TrafficMetrics(registry);
  traffic.open(context).close("DENY");
  traffic.socketsOpen("source");
}

function moveHttp(registry: Registry): void {
  new HttpTrafficMetrics(registry).record({
    requestProtocol: "grpc",
    responseCode: 200,
    responseFlags: [],
    mutualTls: true,
    requestBytes: 0,
    responseBytes: 0,
    durationMs: 0,
  });
}

function moveFigures(registry: Registry): void {
  const figures = new HairpinMetrics(registry);
  figures.dryRun("namespace/name", "deny", "match");
  figures.lane("hbone");
  figures.kernelRelay("local", "kernel");
  figures.bypass("hairpin");
  figures.waypointUnreachable("closed");
}

function movePods(registry: Registry): void {
  new PodMetrics(registry);
  openConnectionsCounter(registry).with({ fate: "" });
  repairedPodsCounter(registry).with({ type: "", result: "" });
  bypassedPodsGauge(registry);
}

function moveDns(registry: Registry): void {
  const dns = new DnsMetrics(registry);
  const labels = dnsLabels("A", "udp", undefined);
  dns.request(labels);
  dns.forwarded(labels, 0, true);
}

function moveControl(registry: Registry): void {
  const xds = new XdsMetrics(registry);
  xds.terminated("Error");
  xds.received("", 0);
  const crl = new CrlMetrics(registry);
  crl.rejections("source");
  crl.untracked("source");
  const kubeApi = new KubeApiMetrics(registry);
  kubeApi.failed("Pod", 500);
  kubeApi.rejected("Pod");
  new ReloadMetrics(registry).reloads("applied");
  new DeployerMetrics(registry).set("deployed", 1);
}

function moveProcess(registry: Registry): void {
  registerBuild(registry, { component: "ztunnel", tag: "" });
  registerProcess(registry, { countOpenFds: () => 0, readText: () => "" });
  new WorkerMetrics(registry, "control");
}
