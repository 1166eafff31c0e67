import assert from "node:assert/strict";
import { waypointConfig } from "../../src/kube/waypoint_config.ts";
import { parsed, pod, type Raw, raw } from "./objects.ts";
import {
  config,
  GATEWAY,
  httpRoute,
  keyOf,
  MESH,
  parent,
  service,
  to,
} from "./routes/route_mesh.ts";

const keys = (objects: Raw[], gateway = GATEWAY) =>
  waypointConfig(parsed(...MESH, ...objects), gateway).services.map(({ key }) =>
    key
  );
const FRONTED = ["echo", "echo-v1", "echo-v2"].map((name) => keyOf(name));

Deno.test("waypointConfig() fronts the services of its namespace, with their ports", () => {
  const { services, gateway, warnings } = config([]);
  assert.equal(gateway, GATEWAY);
  assert.deepEqual(warnings, []);
  assert.deepEqual(services.map(({ key }) => key), FRONTED);
  assert.deepEqual(services[0]?.ports, [
    { port: 80, protocol: "HTTP11" },
    { port: 443, protocol: "TLS" },
    { port: 6060, protocol: undefined },
    { port: 7070, protocol: "GRPC" },
    { port: 8080, protocol: "HTTP11" },
    { port: 9090, protocol: "TCP" },
  ]);
});

const labelled = (name: string, labels: Raw, annotations: Raw = {}) =>
  service(name, { metadata: { labels, annotations } });
const other = (addresses: Raw[], labels: Raw = {}) =>
  raw("Gateway", "mesh/other", {
    metadata: { labels },
    spec: { gatewayClassName: "istio-waypoint" },
    status: { addresses },
  });
const elsewhere = other([{ type: "IPAddress", value: "10.96.0.16" }]);
const canary = {
  "istio.io/use-waypoint": "other",
  "istio.io/use-waypoint-canary": "waypoint",
};
const rows: [name: string, objects: Raw[], more: string[]][] = [
  ["a service that opts out", [
    labelled("mesh/out", { "istio.io/use-waypoint": "none" }),
  ], []],
  ["a service of another namespace", [service("far/cart")], []],
  ["a service that asks from another namespace", [
    labelled("far/cart", {
      "istio.io/use-waypoint": "waypoint",
      "istio.io/use-waypoint-namespace": "mesh",
    }),
  ], [keyOf("cart", "far")]],
  ["a service of another waypoint", [
    elsewhere,
    labelled("mesh/x", { "istio.io/use-waypoint": "other" }),
  ], []],
  ["a service that it is the canary of", [
    elsewhere,
    labelled("mesh/x", canary, { "istio.io/use-waypoint-canary-weight": "10" }),
  ], [keyOf("x")]],
  ["a service that it is the canary of without a share", [
    elsewhere,
    labelled("mesh/x", canary),
  ], [keyOf("x")]],
  ["its own service", [
    labelled("mesh/waypoint", {
      "gateway.istio.io/managed": "istio.io-mesh-controller",
    }),
  ], []],
];
for (const [name, objects, more] of rows) {
  Deno.test(`waypointConfig() sees ${name}`, () => {
    assert.deepEqual(keys(objects).sort(), [...FRONTED, ...more].sort());
  });
}

Deno.test("waypointConfig() fronts workloads where the waypoint takes them", () => {
  const pods = [
    pod("mesh/a", "10.0.0.1"),
    pod("mesh/w", "10.0.0.2", {
      labels: { "gateway.networking.k8s.io/gateway-name": "waypoint" },
    }),
    pod("far/b", "10.0.0.3"),
  ];
  assert.deepEqual(config(pods).workloads, ["Kubernetes//Pod/mesh/a"]);
});

Deno.test("waypointConfig() knows the service accounts of its pods", () => {
  const own = { "gateway.networking.k8s.io/gateway-name": "waypoint" };
  const { serviceAccounts } = config([
    pod("mesh/w1", "10.0.0.1", {
      labels: own,
      spec: { serviceAccountName: "wp" },
    }),
    pod("mesh/w2", "10.0.0.2", { labels: own }),
    pod("mesh/w3", "10.0.0.3", {
      labels: own,
      spec: { serviceAccountName: "wp" },
    }),
    pod("mesh/old", "10.0.0.4", {
      labels: own,
      spec: { serviceAccountName: "gone" },
      status: { phase: "Failed" },
    }),
    pod("far/w", "10.0.0.5", {
      labels: own,
      spec: { serviceAccountName: "far" },
    }),
    pod("mesh/app", "10.0.0.6", { spec: { serviceAccountName: "app" } }),
  ]);
  assert.deepEqual(serviceAccounts, ["default", "wp"]);
});

Deno.test("waypointConfig() says when there is no such Gateway", () => {
  const made = waypointConfig(parsed(...MESH, httpRoute({})), "mesh/nobody");
  assert.deepEqual(made.services, []);
  assert.deepEqual(made.routes, []);
  assert.deepEqual(made.warnings, [
    'Gateway "mesh/nobody" is not there, or has neither address nor pods',
  ]);
});

Deno.test("waypointConfig() is plain data", () => {
  const made = config([
    httpRoute({ rules: [{ backendRefs: [to("echo-v1")] }] }),
  ]);
  assert.deepEqual(structuredClone(made), made);
});

const rule = (name: string, spec: Raw) =>
  raw("DestinationRule", name, { spec });
const connect = (connectTimeout: string) => ({
  connectionPool: { tcp: { connectTimeout } },
});
const balance = (simple: string) => ({ loadBalancer: { simple } });
const V1 = keyOf("echo-v1");
const upstreamRows: [
  name: string,
  objects: Raw[],
  upstreams: Record<string, [balancing: string, connectTimeoutMs: number]>,
][] = [
  ["none without rules", [], {}],
  ["the balancing of a rule", [
    rule("mesh/a", { host: "echo-v1", trafficPolicy: balance("ROUND_ROBIN") }),
  ], { [V1]: ["ROUND_ROBIN", 10_000] }],
  ["random balancing", [
    rule("mesh/a", { host: "echo-v1", trafficPolicy: balance("RANDOM") }),
  ], { [V1]: ["RANDOM", 10_000] }],
  ["the old name of LEAST_REQUEST", [
    rule("mesh/a", { host: "echo-v1", trafficPolicy: balance("LEAST_CONN") }),
  ], { [V1]: ["LEAST_REQUEST", 10_000] }],
  ["the connect time of a rule", [
    rule("mesh/a", {
      host: "echo-v1.mesh.svc.cluster.local",
      trafficPolicy: connect("1.5s"),
    }),
  ], { [V1]: ["LEAST_REQUEST", 1_500] }],
  ["the exact host before a wildcard", [
    rule("mesh/a", { host: "*.local", trafficPolicy: connect("1s") }),
    rule("mesh/b", { host: "echo-v1", trafficPolicy: connect("2s") }),
    rule("mesh/c", {
      host: "*.mesh.svc.cluster.local",
      trafficPolicy: connect("3s"),
    }),
  ], {
    [keyOf("echo")]: ["LEAST_REQUEST", 3_000],
    [V1]: ["LEAST_REQUEST", 2_000],
    [keyOf("echo-v2")]: ["LEAST_REQUEST", 3_000],
  }],
  ["the root namespace last", [
    rule("istio-system/a", {
      host: "echo-v1.mesh.svc.cluster.local",
      trafficPolicy: connect("1s"),
    }),
    rule("mesh/a", { host: "echo-v1", trafficPolicy: connect("2s") }),
  ], { [V1]: ["LEAST_REQUEST", 2_000] }],
  ["the root namespace at all", [
    rule("istio-system/a", {
      host: "echo-v1.mesh.svc.cluster.local",
      trafficPolicy: connect("1s"),
    }),
  ], { [V1]: ["LEAST_REQUEST", 1_000] }],
  ["no rule of a stranger", [
    rule("far/a", {
      host: "echo-v1.mesh.svc.cluster.local",
      trafficPolicy: connect("1s"),
    }),
  ], {}],
];
for (const [name, objects, expected] of upstreamRows) {
  Deno.test(`waypointConfig() knows of connections ${name}`, () => {
    const { upstreams, warnings } = config(objects);
    const found = Object.entries(upstreams).map((
      [key, { balancing, connectTimeoutMs }],
    ) => [key, [balancing, connectTimeoutMs]]);
    assert.deepEqual(Object.fromEntries(found), expected);
    assert.deepEqual(warnings, []);
  });
}

/** A backend of another namespace, with a rule of that namespace. */
const farRule = (exportTo: string[]) => [
  service("far/cart"),
  rule("far/a", { host: "cart", exportTo, trafficPolicy: connect("1s") }),
  httpRoute({
    parentRefs: [parent("echo")],
    rules: [{ backendRefs: [to("cart", { namespace: "far" })] }],
  }),
];
const exportRows: [exportTo: string[], seen: boolean][] = [
  [[], true],
  [["*"], true],
  [["mesh"], true],
  [["."], false],
  [["else"], false],
];
for (const [exportTo, seen] of exportRows) {
  Deno.test(`waypointConfig() sees a rule exported to "${exportTo}": ${seen}`, () => {
    const { upstreams } = config(farRule(exportTo));
    assert.deepEqual(
      Object.keys(upstreams),
      seen ? [keyOf("cart", "far")] : [],
    );
  });
}

const warningRows: [name: string, spec: Raw, warnings: string[]][] = [
  ["hashing", {
    host: "echo",
    trafficPolicy: { loadBalancer: { consistentHash: {} } },
  }, [
    "spec.trafficPolicy.loadBalancer.consistentHash is not supported and does nothing",
  ]],
  ["subsets and outliers", {
    host: "echo",
    subsets: [],
    trafficPolicy: { outlierDetection: {} },
  }, [
    "spec.subsets is not supported and does nothing",
    "spec.trafficPolicy.outlierDetection is not supported and does nothing",
  ]],
  ["PASSTHROUGH", { host: "echo", trafficPolicy: balance("PASSTHROUGH") }, [
    'spec.trafficPolicy.loadBalancer.simple: "PASSTHROUGH" is not supported; LEAST_REQUEST is used',
  ]],
  ["mutual TLS, which is there anyway", {
    host: "echo",
    trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
  }, []],
  ["TLS of its own", {
    host: "echo",
    trafficPolicy: { tls: { mode: "SIMPLE" } },
  }, [
    'spec.trafficPolicy.tls.mode: "SIMPLE" is not one of ISTIO_MUTUAL; the rule is not used',
  ]],
  ["a time that is none", { host: "echo", trafficPolicy: connect("soon") }, [
    'spec.trafficPolicy.connectionPool.tcp.connectTimeout: "soon" is not a duration such as "10s"; the rule is not used',
  ]],
];
for (const [name, spec, warnings] of warningRows) {
  Deno.test(`waypointConfig() says of a DestinationRule what it makes of ${name}`, () => {
    assert.deepEqual(
      config([rule("mesh/a", spec)]).warnings,
      warnings.map((line) => `DestinationRule "mesh/a": ${line}`),
    );
  });
}
