import { deepEqual, equal } from "node:assert/strict";
import { parseSocketAddress } from "../../src/model/address.ts";
import { DEFAULT_WORKLOAD } from "../../src/model/workload.ts";
import { Registry, renderOpenMetrics } from "../../src/telemetry/metrics.ts";
import {
  peerOfBaggage,
  peerOfWorkload,
  type TrafficContext,
  TrafficMetrics,
} from "../../src/telemetry/traffic.ts";

const address = (text: string) => parseSocketAddress(text)!;

const web = peerOfWorkload({
  ...DEFAULT_WORKLOAD,
  name: "web-5c9",
  namespace: "shop",
  workloadName: "web",
  canonicalName: "web-canonical",
  canonicalRevision: "v1",
  locality: { region: "eu", zone: "eu-1", subzone: "" },
});

const cart = peerOfBaggage({
  cluster: "remote",
  namespace: "shop",
  workloadType: "deployment",
  workloadName: "cart",
  canonicalName: "cart-canonical",
  canonicalRevision: "",
  region: "us",
  zone: "",
});

const tunnel: TrafficContext = {
  reporter: "source",
  src: address("10.0.1.5:40112"),
  source: web,
  sourcePrincipal: "spiffe://cluster.local/ns/shop/sa/web",
  dst: address("10.0.2.8:15008"),
  hboneAddress: "10.0.2.8:8080",
  destination: cart,
  destinationPrincipal: "spiffe://cluster.local/ns/shop/sa/cart",
  service: {
    hostname: "cart.shop.svc.cluster.local",
    name: "cart",
    namespace: "shop",
  },
  mutualTls: true,
};

const plain: TrafficContext = {
  reporter: "destination",
  src: address("192.0.2.1:5"),
  dst: address("10.0.2.8:8080"),
  mutualTls: false,
};

const labelsBefore = [
  'reporter="source"',
  'source_workload="web"',
  'source_canonical_service="web-canonical"',
  'source_canonical_revision="v1"',
  'source_workload_namespace="shop"',
  'source_principal="spiffe://cluster.local/ns/shop/sa/web"',
  'source_app="web-canonical"',
  'source_version="v1"',
  'source_cluster="Kubernetes"',
  'destination_service="cart.shop.svc.cluster.local"',
  'destination_service_namespace="shop"',
  'destination_service_name="cart"',
  'destination_workload="cart"',
  'destination_canonical_service="cart-canonical"',
  'destination_canonical_revision="unknown"',
  'destination_workload_namespace="shop"',
  'destination_principal="spiffe://cluster.local/ns/shop/sa/cart"',
  'destination_app="cart"',
  'destination_version="unknown"',
  'destination_cluster="remote"',
  'request_protocol="tcp"',
];
const labelsAfter = [
  'connection_security_policy="mutual_tls"',
  'source_region="eu"',
  'source_zone="eu-1"',
  'destination_region="us"',
  'destination_zone="unknown"',
];
const tunnelLabels = (flag: string) =>
  [...labelsBefore, `response_flags="${flag}"`, ...labelsAfter].join(",");

/** Sample lines of `registry`, without comments and zero gauges. */
const samples = (registry: Registry) =>
  renderOpenMetrics(registry.snapshot()).split("\n").filter((line) =>
    line.startsWith("istio_tcp")
  );

Deno.test("TrafficMetrics counts a good connection with every label in order", () => {
  const registry = new Registry();
  const record = new TrafficMetrics(registry).open(tunnel);
  record.addReceived(11);
  record.addSent(20);
  record.addSent(2);
  record.close("-");
  const labels = tunnelLabels("-");
  deepEqual(samples(registry), [
    `istio_tcp_connections_opened_total{${labels}} 1`,
    `istio_tcp_connections_closed_total{${labels}} 1`,
    `istio_tcp_received_bytes_total{${labels}} 11`,
    `istio_tcp_sent_bytes_total{${labels}} 22`,
  ]);
  deepEqual([record.received, record.sent], [11, 22]);
});

Deno.test("TrafficMetrics counts a refused connection as closed and failed, once", () => {
  const registry = new Registry();
  const record = new TrafficMetrics(registry).open(tunnel);
  record.close("DENY");
  record.close("-");
  deepEqual(samples(registry), [
    `istio_tcp_connections_opened_total{${tunnelLabels("-")}} 1`,
    `istio_tcp_connections_closed_total{${tunnelLabels("DENY")}} 1`,
    `istio_tcp_connections_failed_total{${tunnelLabels("DENY")}} 1`,
    `istio_tcp_received_bytes_total{${tunnelLabels("-")}} 0`,
    `istio_tcp_sent_bytes_total{${tunnelLabels("-")}} 0`,
  ]);
});

Deno.test("TrafficMetrics leaves localities out when neither end is known", () => {
  const registry = new Registry();
  new TrafficMetrics(registry).open(plain);
  const [opened] = samples(registry);
  equal(opened!.match(/_region|_zone/), null);
  equal(opened!.match(/="unknown"/g)!.length, 20);
  equal(
    opened!.endsWith(
      'request_protocol="tcp",response_flags="-",connection_security_policy="unknown"} 1',
    ),
    true,
  );
});

Deno.test("TrafficMetrics adds connections of equal labels up", () => {
  const registry = new Registry();
  const metrics = new TrafficMetrics(registry);
  const other = { ...tunnel, src: address("10.0.1.5:40113") };
  for (const context of [tunnel, other, plain]) {
    metrics.open(context).addReceived(5);
  }
  deepEqual(
    samples(registry).map((line) => line.replace(/\{.*\}/, "")),
    [
      "istio_tcp_connections_opened_total 2",
      "istio_tcp_connections_opened_total 1",
      "istio_tcp_received_bytes_total 10",
      "istio_tcp_received_bytes_total 5",
      "istio_tcp_sent_bytes_total 0",
      "istio_tcp_sent_bytes_total 0",
    ],
  );
});

Deno.test("TrafficMetrics escapes what a peer says of itself", () => {
  const registry = new Registry();
  const source = { ...cart, workload: 'a"} 1\nb' };
  new TrafficMetrics(registry).open({ ...plain, source });
  equal(samples(registry)[0]!.includes('source_workload="a\\"} 1\\nb"'), true);
});

Deno.test("TrafficMetrics counts at a waypoint with its labels and Envoy's flags", () => {
  const labels = (flag: string) =>
    'reporter="waypoint",source_workload="web",' +
    'source_canonical_service="web-canonical",source_canonical_revision="v1",' +
    'source_workload_namespace="shop",' +
    'source_principal="spiffe://cluster.local/ns/shop/sa/web",' +
    'source_app="web-canonical",source_version="v1",' +
    'source_cluster="Kubernetes",destination_workload="cart",' +
    'destination_workload_namespace="shop",' +
    'destination_principal="spiffe://cluster.local/ns/shop/sa/cart",' +
    'destination_app="cart",destination_version="unknown",' +
    'destination_service="cart.shop.svc.cluster.local",' +
    'destination_canonical_service="cart-canonical",' +
    'destination_canonical_revision="unknown",' +
    'destination_service_name="cart",destination_service_namespace="shop",' +
    'destination_cluster="remote",request_protocol="tcp",' +
    `response_flags="${flag}",connection_security_policy="mutual_tls"`;
  const registry = new Registry();
  new TrafficMetrics(registry).open({ ...tunnel, reporter: "waypoint" })
    .close("UF");
  deepEqual(samples(registry), [
    `istio_tcp_connections_opened_total{${labels("-")}} 1`,
    `istio_tcp_connections_closed_total{${labels("UF")}} 1`,
    `istio_tcp_connections_failed_total{${labels("UF")}} 1`,
    `istio_tcp_received_bytes_total{${labels("-")}} 0`,
    `istio_tcp_sent_bytes_total{${labels("-")}} 0`,
  ]);
});

Deno.test("TrafficMetrics.socketsOpen() is a gauge by reporter", () => {
  const registry = new Registry();
  const open = new TrafficMetrics(registry).socketsOpen("source");
  open.value += 2;
  open.value -= 1;
  deepEqual(samples(registry), ['istio_tcp_sockets_open{reporter="source"} 1']);
});

Deno.test("peerOfWorkload() gives one object for one record", () => {
  const record = { ...DEFAULT_WORKLOAD, name: "a" };
  equal(peerOfWorkload(record), peerOfWorkload(record));
});
