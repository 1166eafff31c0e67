import { deepEqual } from "node:assert/strict";
import {
  CrlMetrics,
  ReloadMetrics,
  XdsMetrics,
} from "../../src/telemetry/control_metrics.ts";
import { Registry, renderOpenMetrics } from "../../src/telemetry/metrics.ts";

const samples = (registry: Registry) =>
  renderOpenMetrics(registry.snapshot()).split("\n").filter((line) =>
    line !== "" && !line.startsWith("#")
  );

Deno.test("XdsMetrics counts messages, their bytes and ends of streams", () => {
  const registry = new Registry();
  const xds = new XdsMetrics(registry);
  xds.received("type/Address", 100);
  xds.received("type/Address", 20);
  xds.terminated("Reconnect");
  deepEqual(samples(registry), [
    'istio_xds_connection_terminations_total{reason="Reconnect"} 1',
    'istio_xds_message_total{url="type/Address"} 2',
    'istio_xds_message_bytes_total{url="type/Address"} 120',
  ]);
});

Deno.test("CrlMetrics and ReloadMetrics count by one label", () => {
  const registry = new Registry();
  const crl = new CrlMetrics(registry);
  crl.rejections("destination").value++;
  crl.untracked("source").value++;
  new ReloadMetrics(registry).reloads("rejected").value++;
  deepEqual(samples(registry), [
    'istio_crl_policy_rejections_total{reporter="destination"} 1',
    'istio_crl_untracked_connections_total{reporter="source"} 1',
    'hairpin_config_reloads_total{outcome="rejected"} 1',
  ]);
});
