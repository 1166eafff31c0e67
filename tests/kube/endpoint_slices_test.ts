import assert from "node:assert/strict";
import { translate } from "../../src/kube/translate.ts";
import { DEFAULT_WORKLOAD } from "../../src/model/workload.ts";
import { parsed, pod, type Raw, raw } from "./objects.ts";

const KEY = "shop/db.shop.svc.cluster.local";
const service = (spec: Raw = {}) =>
  raw("Service", "db", {
    spec: {
      clusterIP: "10.96.0.5",
      ports: [{ name: "sql", port: 5432 }, { name: "admin", port: 80 }],
      ...spec,
    },
  });
const slice = (rest: Raw, labels: Raw = {}) =>
  raw("EndpointSlice", "db-1", {
    metadata: { labels: { "kubernetes.io/service-name": "db", ...labels } },
    addressType: "IPv4",
    ports: [
      { name: "sql", port: 15432, protocol: "TCP" },
      { name: "admin", port: 53, protocol: "UDP" },
    ],
    ...rest,
  });
const workloadsOf = (...objects: Raw[]) =>
  translate(parsed(...objects)).workloads;

Deno.test("translate() makes workloads of an EndpointSlice's addresses", () => {
  const workloads = workloadsOf(
    service(),
    slice({
      endpoints: [
        { addresses: ["192.0.2.1"] },
        { addresses: ["192.0.2.2"], conditions: { ready: false } },
        { addresses: ["192.0.2.3", "x"] },
        { addresses: [] },
      ],
    }),
  );
  const shared = {
    ...DEFAULT_WORKLOAD,
    name: "db-1",
    namespace: "shop",
    networkMode: "HostNetwork",
    services: { [KEY]: { 5432: 15432 } },
  };
  const uid = "Kubernetes/discovery.k8s.io/EndpointSlice/shop/db-1";
  assert.deepEqual(workloads, [
    { ...shared, uid: `${uid}/192.0.2.1`, ips: ["192.0.2.1"] },
    {
      ...shared,
      uid: `${uid}/192.0.2.2`,
      ips: ["192.0.2.2"],
      status: "Unhealthy",
    },
  ]);
});

const ignored: [name: string, objects: Raw[]][] = [
  ["of no known Service", [
    slice({ endpoints: [{ addresses: ["192.0.2.1"] }] }),
  ]],
  [
    "of host names",
    [
      service(),
      slice({ addressType: "FQDN", endpoints: [{ addresses: ["a.b"] }] }),
    ],
  ],
  [
    "that names no Service",
    [
      service(),
      raw("EndpointSlice", "db-1", {
        addressType: "IPv4",
        endpoints: [{ addresses: ["192.0.2.1"] }],
      }),
    ],
  ],
];
for (const [name, objects] of ignored) {
  Deno.test(`translate() ignores an EndpointSlice ${name}`, () => {
    assert.deepEqual(workloadsOf(...objects), []);
  });
}

const toPod = slice({
  endpoints: [{
    addresses: ["10.0.0.1"],
    targetRef: { kind: "Pod", name: "db-0", namespace: "shop" },
  }],
});
const db = pod("db-0", "10.0.0.1", { labels: { app: "db" } });

for (
  const [name, selector] of [
    ["selects nothing", {}],
    ["selects it too", { app: "db" }],
  ] as const
) {
  Deno.test(`translate() finds a pod by its slice when the Service ${name}`, () => {
    const workloads = workloadsOf(service({ selector }), toPod, db);
    assert.deepEqual(
      workloads.map(({ uid, services }) => [uid, services]),
      [["Kubernetes//Pod/shop/db-0", { [KEY]: { 5432: 5432, 80: 80 } }]],
    );
  });
}
