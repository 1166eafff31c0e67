import { deepEqual, equal } from "node:assert/strict";
import { DEFAULT_WORKLOAD } from "../../src/model/workload.ts";
import {
  HISTOGRAM_SERIES_MAX,
  HTTP_BUCKETS,
  type HttpExchange,
  HttpTrafficMetrics,
} from "../../src/telemetry/http_traffic.ts";
import {
  OVERFLOW_LABELS,
  Registry,
  renderOpenMetrics,
  SERIES_MAX,
} from "../../src/telemetry/metrics.ts";
import { peerOfBaggage, peerOfWorkload } from "../../src/telemetry/traffic.ts";

const web = peerOfWorkload({
  ...DEFAULT_WORKLOAD,
  name: "web-5c9",
  namespace: "shop",
  workloadName: "web",
  canonicalName: "web-canonical",
  canonicalRevision: "v1",
});

const cartBaggage = {
  cluster: "remote",
  namespace: "store",
  workloadType: "deployment",
  workloadName: "cart",
  canonicalName: "cart-canonical",
  canonicalRevision: "",
  region: "us",
  zone: "",
} as const;
const cart = peerOfBaggage(cartBaggage);

const good: HttpExchange = {
  source: web,
  sourcePrincipal: "spiffe://cluster.local/ns/shop/sa/web",
  destination: cart,
  destinationPrincipal: "spiffe://cluster.local/ns/store/sa/cart",
  service: {
    hostname: "cart.store.svc.cluster.local",
    name: "cart",
    namespace: "store",
  },
  requestProtocol: "http",
  responseCode: 200,
  responseFlags: [],
  mutualTls: true,
  requestBytes: 120,
  responseBytes: 6_000,
  durationMs: 5,
};

/** Nothing is known but that somebody came and left. */
const bare: HttpExchange = {
  requestProtocol: "http",
  responseCode: 0,
  responseFlags: ["DC"],
  mutualTls: false,
  requestBytes: 0,
  responseBytes: 0,
  durationMs: 0,
};

const ENDS = [
  'reporter="waypoint"',
  'source_workload="web"',
  'source_canonical_service="web-canonical"',
  'source_canonical_revision="v1"',
  'source_workload_namespace="shop"',
  'source_principal="spiffe://cluster.local/ns/shop/sa/web"',
  'source_app="web-canonical"',
  'source_version="v1"',
  'source_cluster="Kubernetes"',
  'destination_workload="cart"',
  'destination_workload_namespace="store"',
  'destination_principal="spiffe://cluster.local/ns/store/sa/cart"',
  'destination_app="cart"',
  'destination_version="unknown"',
  'destination_service="cart.store.svc.cluster.local"',
  'destination_canonical_service="cart-canonical"',
  'destination_canonical_revision="unknown"',
  'destination_service_name="cart"',
  'destination_service_namespace="store"',
  'destination_cluster="remote"',
].join(",");

const outcome = (protocol: string, code: number, grpc: string, flags = "-") =>
  `request_protocol="${protocol}",response_code="${code}",` +
  `grpc_response_status="${grpc}",response_flags="${flags}",` +
  'connection_security_policy="mutual_tls"';

function recorded(...exchanges: HttpExchange[]): Registry {
  const registry = new Registry();
  const metrics = new HttpTrafficMetrics(registry);
  for (const exchange of exchanges) metrics.record(exchange);
  return registry;
}

const linesOf = (registry: Registry, start: string): string[] =>
  renderOpenMetrics(registry.snapshot()).split("\n")
    .filter((line) => line.startsWith(start));

/** The value of one label in the only series of `istio_requests_total`. */
function labelOf(exchange: HttpExchange, name: string): string {
  const [line, ...rest] = linesOf(recorded(exchange), "istio_requests_total");
  deepEqual(rest, []);
  return new RegExp(`[{,]${name}="([^"]*)"`).exec(line!)![1]!;
}

const BOUNDS =
  "0.5 1.0 5.0 10.0 25.0 50.0 100.0 250.0 500.0 1000.0 2500.0 5000.0 10000.0 " +
  "30000.0 60000.0 300000.0 600000.0 1800000.0 3600000.0 +Inf";

/** Every line of one histogram that has observed `value` once. */
function histogramOf(name: string, labels: string, value: number): string[] {
  const buckets = BOUNDS.split(" ").map((le) => {
    const count = Number(le.replace("+Inf", "Infinity")) >= value ? 1 : 0;
    return `${name}_bucket{${labels},le="${le}"} ${count}`;
  });
  return [
    ...buckets,
    `${name}_sum{${labels}} ${value}`,
    `${name}_count{${labels}} 1`,
  ];
}

Deno.test("record() counts an HTTP request with every label in order", () => {
  const labels = `${ENDS},${outcome("http", 200, "")}`;
  deepEqual(linesOf(recorded(good), "istio_"), [
    `istio_requests_total{${labels}} 1`,
    ...histogramOf("istio_request_duration_milliseconds", labels, 5),
    ...histogramOf("istio_request_bytes", labels, 120),
    ...histogramOf("istio_response_bytes", labels, 6_000),
  ]);
});

Deno.test("record() tells every metric's type and unit", () => {
  const grpc = { ...good, requestProtocol: "grpc" } as const;
  deepEqual(
    linesOf(recorded(grpc), "# TYPE").concat(linesOf(recorded(grpc), "# UNIT")),
    [
      "# TYPE istio_requests counter",
      "# TYPE istio_request_duration_milliseconds histogram",
      "# TYPE istio_request_bytes histogram",
      "# TYPE istio_response_bytes histogram",
      "# TYPE istio_request_messages counter",
      "# TYPE istio_response_messages counter",
      "# UNIT istio_request_duration_milliseconds milliseconds",
      "# UNIT istio_request_bytes bytes",
      "# UNIT istio_response_bytes bytes",
    ],
  );
});

Deno.test("record() counts the messages of a gRPC call by its two ends alone", () => {
  const call: HttpExchange = {
    ...good,
    requestProtocol: "grpc",
    grpcStatus: 14,
    requestMessages: 3,
    responseMessages: 1,
  };
  const registry = recorded(call, { ...call, grpcStatus: 0 });
  deepEqual(linesOf(registry, "istio_requests_total"), [
    `istio_requests_total{${ENDS},${outcome("grpc", 200, "14")}} 1`,
    `istio_requests_total{${ENDS},${outcome("grpc", 200, "0")}} 1`,
  ]);
  deepEqual(linesOf(registry, "istio_request_messages"), [
    `istio_request_messages_total{${ENDS}} 6`,
  ]);
  deepEqual(linesOf(registry, "istio_response_messages"), [
    `istio_response_messages_total{${ENDS}} 2`,
  ]);
});

Deno.test("record() says what it does not know", () => {
  const labels = [
    'reporter="waypoint"',
    'source_workload="unknown"',
    'source_canonical_service="unknown"',
    'source_canonical_revision="latest"',
    'source_workload_namespace="unknown"',
    'source_principal="unknown"',
    'source_app="unknown"',
    'source_version="unknown"',
    'source_cluster="unknown"',
    'destination_workload="unknown"',
    'destination_workload_namespace="unknown"',
    'destination_principal="unknown"',
    'destination_app="unknown"',
    'destination_version="unknown"',
    'destination_service="unknown"',
    'destination_canonical_service="unknown"',
    'destination_canonical_revision="unknown"',
    'destination_service_name="unknown"',
    'destination_service_namespace="unknown"',
    'destination_cluster="unknown"',
    'request_protocol="http"',
    'response_code="0"',
    'grpc_response_status=""',
    'response_flags="DC"',
    'connection_security_policy="none"',
  ];
  deepEqual(linesOf(recorded(bare), "istio_requests_total"), [
    `istio_requests_total{${labels.join(",")}} 1`,
  ]);
});

const values: [
  name: string,
  change: Partial<HttpExchange>,
  label: string,
  value: string,
][] = [
  ["an upgrade by its code", { responseCode: 101 }, "response_code", "101"],
  [
    "several flags in Envoy's order",
    { responseFlags: ["URX", "UF", "URX"] },
    "response_flags",
    "UF,URX",
  ],
  [
    "a gRPC call without a status",
    { requestProtocol: "grpc" },
    "grpc_response_status",
    "",
  ],
  [
    "the largest gRPC status",
    { requestProtocol: "grpc", grpcStatus: 16 },
    "grpc_response_status",
    "16",
  ],
  [
    "a gRPC status that there is not",
    { requestProtocol: "grpc", grpcStatus: 17 },
    "grpc_response_status",
    "unknown",
  ],
  [
    "no gRPC status of plain HTTP",
    { grpcStatus: 5 },
    "grpc_response_status",
    "",
  ],
  [
    "a client that proved nothing",
    { mutualTls: false },
    "connection_security_policy",
    "none",
  ],
];
for (const [name, change, label, value] of values) {
  Deno.test(`record() labels ${name}`, () => {
    equal(labelOf({ ...good, ...change }, label), value);
  });
}

Deno.test("record() puts a value on its bound into that bucket, in every histogram", () => {
  const atBounds = HTTP_BUCKETS.map((bound) => ({
    ...good,
    durationMs: bound,
    requestBytes: bound,
    responseBytes: bound,
  }));
  const beyond = 3_600_001;
  const registry = recorded(...atBounds, {
    ...good,
    durationMs: beyond,
    requestBytes: beyond,
    responseBytes: beyond,
  });
  for (const family of registry.snapshot()) {
    if (family.type !== "histogram") continue;
    deepEqual(family.series[0]![1].counts, Array(20).fill(1), family.name);
  }
});

Deno.test("record() adds equal requests up, also of other records and objects", () => {
  const again = {
    ...good,
    destination: peerOfBaggage(cartBaggage),
    service: { ...good.service! },
    durationMs: 7,
  };
  const registry = recorded(good, good, again);
  const labels = `${ENDS},${outcome("http", 200, "")}`;
  deepEqual(linesOf(registry, "istio_requests_total"), [
    `istio_requests_total{${labels}} 3`,
  ]);
  deepEqual(
    linesOf(registry, "istio_request_duration_milliseconds_sum"),
    [`istio_request_duration_milliseconds_sum{${labels}} 17`],
  );
});

const distinct: [name: string, change: Partial<HttpExchange>][] = [
  ["source", { source: cart }],
  ["source principal", { sourcePrincipal: "spiffe://cluster.local/ns/a/sa/b" }],
  ["destination", { destination: web }],
  ["destination principal", { destinationPrincipal: "spiffe://x/ns/a/sa/b" }],
  ["host name", { service: { ...good.service!, hostname: "other" } }],
  ["service name", { service: { ...good.service!, name: "other" } }],
  ["service namespace", { service: { ...good.service!, namespace: "other" } }],
  ["protocol", { requestProtocol: "grpc" }],
  ["code", { responseCode: 204 }],
  ["flags", { responseFlags: ["UH"] }],
  ["security", { mutualTls: false }],
];
for (const [name, change] of distinct) {
  Deno.test(`record() keeps requests apart by ${name}`, () => {
    const registry = recorded(good, { ...good, ...change }, good);
    deepEqual(
      linesOf(registry, "istio_requests_total").map((line) => line.at(-1)),
      ["2", "1"],
    );
  });
}

Deno.test("record() does not mistake one principal's end for another's start", () => {
  const registry = recorded(
    { ...good, sourcePrincipal: "ab", destinationPrincipal: "c" },
    { ...good, sourcePrincipal: "a", destinationPrincipal: "bc" },
  );
  equal(linesOf(registry, "istio_requests_total").length, 2);
});

Deno.test("record() escapes what a peer says of itself", () => {
  const source = { ...web, workload: 'a"} 1\nistio_requests_total{b="' };
  const [line, ...rest] = linesOf(
    recorded({ ...good, source }),
    "istio_requests_total",
  );
  deepEqual(rest, []);
  equal(
    line!.includes(
      'source_workload="a\\"} 1\\nistio_requests_total{b=\\"",source_canon',
    ),
    true,
  );
});

Deno.test("record() counts every request past the limits, under overflow", () => {
  const registry = new Registry();
  const metrics = new HttpTrafficMetrics(registry);
  for (let i = 0; i < SERIES_MAX + 5; i++) {
    metrics.record({ ...good, sourcePrincipal: `spiffe://td/ns/a/sa/${i}` });
  }
  metrics.record({ ...good, sourcePrincipal: "spiffe://td/ns/a/sa/0" });
  const families = new Map(registry.snapshot().map((f) => [f.name, f]));
  const requests = families.get("istio_requests")!;
  equal(requests.series.length, SERIES_MAX + 1);
  deepEqual(requests.series.at(-1), [OVERFLOW_LABELS, 5]);
  equal(requests.series[0]![1], 2);
  const duration = families.get("istio_request_duration_milliseconds")!;
  equal(duration.type, "histogram");
  equal(duration.series.length, HISTOGRAM_SERIES_MAX + 1);
  deepEqual(duration.series.at(-1)![0], OVERFLOW_LABELS);
  equal(
    linesOf(registry, "istio_request_duration_milliseconds_count{overflow")[0],
    `istio_request_duration_milliseconds_count{${OVERFLOW_LABELS}} ${
      SERIES_MAX + 5 - HISTOGRAM_SERIES_MAX
    }`,
  );
});
