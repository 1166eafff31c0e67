import assert from "node:assert/strict";
import { translate } from "../../src/kube/translate.ts";
import { DEFAULT_SERVICE, type Service } from "../../src/model/service.ts";
import { parsed, pod, type Raw, raw } from "./objects.ts";

const CART = "shop/cart.shop.svc.cluster.local";
const service = (spec: Raw, metadata: Raw = {}) =>
  raw("Service", "cart", {
    metadata,
    spec: { selector: { app: "cart" }, ports: [{ port: 80 }], ...spec },
  });
const only = (...objects: Raw[]): Service => {
  const { services: [first, ...rest] } = translate(parsed(...objects));
  assert.ok(first !== undefined && rest.length === 0);
  return first;
};

Deno.test("translate() makes the service of a Service", () => {
  assert.deepEqual(
    only(service({
      clusterIP: "10.96.0.7",
      clusterIPs: ["10.96.0.7", "fd00::7"],
      ipFamilies: ["IPv4", "IPv6"],
      ports: [
        { port: 80 },
        { name: "admin", port: 81, targetPort: 8081 },
        { port: 82, targetPort: "http" },
      ],
    })),
    {
      ...DEFAULT_SERVICE,
      name: "cart",
      namespace: "shop",
      hostname: "cart.shop.svc.cluster.local",
      vips: [{ network: "", ip: "10.96.0.7" }, { network: "", ip: "fd00::7" }],
      ports: { 80: 80, 81: 8081, 82: 0 },
      ipFamilies: "Dual",
      canonical: true,
    },
  );
});

Deno.test("translate() names services in the cluster's domain and network", () => {
  const { services: [first] } = translate(
    parsed(service({ clusterIP: "10.96.0.7" })),
    { clusterDomain: "example.org", network: "n1" },
  );
  assert.equal(first?.hostname, "cart.shop.svc.example.org");
  assert.deepEqual(first?.vips, [{ network: "n1", ip: "10.96.0.7" }]);
});

Deno.test("translate() makes no service of an ExternalName", () => {
  const external = service({ type: "ExternalName", externalName: "a.b" });
  assert.deepEqual(translate(parsed(external)).services, []);
});

const zone = ["Network", "Region", "Zone"];
const node = [...zone, "Subzone", "Node"];
const failover = (routingPreferences: string[]) => ({
  routingPreferences,
  mode: "Failover",
  healthPolicy: "OnlyHealthy",
});
const ANNOTATION = "networking.istio.io/traffic-distribution";
const annotated = (value: string) => ({ annotations: { [ANNOTATION]: value } });

const rows: [
  name: string,
  objects: Raw[],
  expected: Record<string, unknown>,
][] = [
  ["no address when headless", [service({ clusterIP: "None" })], { vips: [] }],
  ["its one address", [service({ clusterIP: "10.96.0.7" })], {
    vips: [{ network: "", ip: "10.96.0.7" }],
  }],
  ["IPv4 alone", [service({ ipFamilies: ["IPv4"] })], { ipFamilies: "IPv4" }],
  ["IPv6 alone", [service({ ipFamilies: ["IPv6"] })], { ipFamilies: "IPv6" }],
  ["no balancing of its own", [service({})], { loadBalancer: undefined }],
  ["TCP where UDP has the same port", [
    service({
      ports: [
        { port: 53, protocol: "TCP", targetPort: 1053 },
        { port: 53, protocol: "UDP", targetPort: 2053 },
      ],
    }),
  ], { ports: { 53: 1053 } }],
  ["its node alone", [service({ internalTrafficPolicy: "Local" })], {
    loadBalancer: {
      routingPreferences: ["Node"],
      mode: "Strict",
      healthPolicy: "OnlyHealthy",
    },
  }],
  ["the near zone", [service({ trafficDistribution: "PreferClose" })], {
    loadBalancer: failover(zone),
  }],
  ["the same zone", [service({ trafficDistribution: "PreferSameZone" })], {
    loadBalancer: failover(zone),
  }],
  ["the same node", [service({ trafficDistribution: "PreferSameNode" })], {
    loadBalancer: failover(node),
  }],
  ["the annotation's closeness", [service({}, annotated("preferClose"))], {
    loadBalancer: failover(zone),
  }],
  ["the field before the annotation", [
    service(
      { trafficDistribution: "PreferSameNode" },
      annotated("PreferClose"),
    ),
  ], { loadBalancer: failover(node) }],
  ["the namespace's closeness", [
    raw("Namespace", "shop", { metadata: annotated("PreferSameNode") }),
    service({}),
  ], { loadBalancer: failover(node) }],
  ["its own annotation before the namespace's", [
    raw("Namespace", "shop", { metadata: annotated("PreferSameNode") }),
    service({}, annotated("any")),
  ], { loadBalancer: undefined }],
  ["endpoints that are not ready", [
    service({ publishNotReadyAddresses: true }),
  ], {
    loadBalancer: {
      routingPreferences: [],
      mode: "Standard",
      healthPolicy: "AllowAll",
    },
  }],
  ["near endpoints that are not ready", [
    service({
      publishNotReadyAddresses: true,
      trafficDistribution: "PreferClose",
    }),
  ], { loadBalancer: { ...failover(zone), healthPolicy: "AllowAll" } }],
];
for (const [name, objects, expected] of rows) {
  Deno.test(`translate() gives a service ${name}`, () => {
    const made = only(...objects);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(made[key as keyof Service], value, key);
    }
  });
}

const http = (containerPort: number, rest: Raw = {}) => ({
  ports: [{ name: "http", containerPort, ...rest }],
});
const endpoints: [name: string, service: Raw, pod: Raw, ports: unknown][] = [
  ["that it selects", service({}), { labels: { app: "cart", x: "y" } }, {
    80: 80,
  }],
  [
    "that it does not select",
    service({}),
    { labels: { app: "web" } },
    undefined,
  ],
  [
    "of another namespace",
    service({}, { namespace: "other" }),
    { labels: { app: "cart" } },
    undefined,
  ],
  [
    "without a selector",
    service({ selector: {} }),
    { labels: { app: "cart" } },
    undefined,
  ],
  [
    "that is not ready",
    service({}),
    {
      labels: { app: "cart" },
      status: { conditions: [{ type: "Ready", status: "False" }] },
    },
    { 80: 80 },
  ],
  [
    "with a named port",
    service({ ports: [{ port: 80, targetPort: "http" }] }),
    { labels: { app: "cart" }, spec: { containers: [http(8080)] } },
    { 80: 8080 },
  ],
  [
    "with a named port of a running init container",
    service({ ports: [{ port: 80, targetPort: "http" }] }),
    {
      labels: { app: "cart" },
      spec: { initContainers: [{ ...http(8081), restartPolicy: "Always" }] },
    },
    { 80: 8081 },
  ],
  [
    "that lacks one named port",
    service({
      ports: [{ port: 80, targetPort: "http" }, { port: 81, targetPort: 8 }],
    }),
    {
      labels: { app: "cart" },
      spec: {
        containers: [http(8080, { protocol: "UDP" })],
        initContainers: [http(8081)],
      },
    },
    { 81: 8 },
  ],
];
for (const [name, object, rest, ports] of endpoints) {
  Deno.test(`translate() finds the ports of a pod ${name}`, () => {
    const { workloads: [workload] } = translate(
      parsed(object, pod("cart-1", "10.0.0.1", rest)),
    );
    assert.deepEqual(workload?.services[CART], ports);
  });
}
