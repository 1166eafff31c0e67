import assert from "node:assert/strict";
import fc from "fast-check";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import {
  packDelta,
  packWorkload,
  unpackDelta,
  unpackWorkload,
} from "../../src/model/packed_workload.ts";
import { DEFAULT_WORKLOAD, type Workload } from "../../src/model/workload.ts";
import { ip, pod, serving } from "../support/sample_mesh.ts";

const everything: Workload = {
  uid: "c1//Pod/ns1/web",
  name: "web",
  namespace: "ns1",
  ips: [ip("10.0.0.1"), ip("fd00::1")],
  hostname: "web.example",
  network: "n1",
  protocol: "HBONE",
  trustDomain: "other.domain",
  serviceAccount: "web",
  waypoint: {
    destination: { kind: "hostname", namespace: "ns1", hostname: "wp" },
    hboneMtlsPort: 15008,
  },
  networkGateway: {
    destination: { kind: "address", network: "n2", ip: ip("192.0.2.1") },
    hboneMtlsPort: 15008,
  },
  node: "node-1",
  canonicalName: "web",
  canonicalRevision: "v1",
  workloadName: "web",
  workloadType: "pod",
  nativeTunnel: true,
  applicationTunnel: { protocol: "PROXY", port: 15088 },
  services: { "ns1/a": { 80: 8080 }, "ns1/b": { 81: 0, 443: 8443 } },
  authorizationPolicies: ["ns1/p"],
  status: "Unhealthy",
  clusterId: "c1",
  locality: { region: "r", zone: "z", subzone: "s" },
  networkMode: "HostNetwork",
  capacity: 0,
};

const rows: [name: string, workload: Workload][] = [
  ["with every field", everything],
  ["at its defaults", DEFAULT_WORKLOAD],
  ["with text that JSON escapes", pod('"\\\n\u2028', [])],
  ["with a service of a strange name", {
    ...DEFAULT_WORKLOAD,
    services: Object.fromEntries([["__proto__", { 80: 80 }]]),
  }],
];
for (const [name, workload] of rows) {
  Deno.test(`a workload ${name} comes out as it was packed`, () => {
    assert.deepEqual(unpackWorkload(packWorkload(workload)), workload);
  });
}

Deno.test("packWorkload() leaves out what is at its default", () => {
  assert.equal(packWorkload({ ...DEFAULT_WORKLOAD, uid: "u" }), '{"uid":"u"}');
});

Deno.test("packWorkload() gives equal texts for any order of services and fields", () => {
  const keys = fc.uniqueArray(fc.string(), { maxLength: 5 });
  fc.assert(fc.property(keys, (names) => {
    const services = names.map((name) => [name, { 80: 1 }] as const);
    const there = { ...everything, services: Object.fromEntries(services) };
    const back = Object.fromEntries(Object.entries(there).reverse());
    const turned = {
      ...back,
      services: Object.fromEntries(services.toReversed()),
    } as unknown as Workload;
    assert.equal(packWorkload(turned), packWorkload(there));
  }));
});

Deno.test("a delta comes out as it was packed", () => {
  const delta = {
    ...EMPTY_DELTA,
    workloads: [everything, pod("a", ["10.0.0.2"], serving("web"))],
    removedServices: ["ns1/x"],
  };
  assert.deepEqual(unpackDelta(packDelta(delta)), delta);
});
