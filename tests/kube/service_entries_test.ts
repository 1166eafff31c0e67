import assert from "node:assert/strict";
import { translate } from "../../src/kube/translate.ts";
import { DEFAULT_SERVICE } from "../../src/model/service.ts";
import { DEFAULT_WORKLOAD } from "../../src/model/workload.ts";
import { parsed, pod, type Raw, raw } from "./objects.ts";

const entry = (spec: Raw, rest: Raw = {}) =>
  raw("ServiceEntry", "ext", {
    ...rest,
    spec: {
      hosts: ["api.example.org"],
      ports: [{ number: 443, name: "tls", protocol: "TLS" }],
      ...spec,
    },
  });
const made = (...objects: Raw[]) => translate(parsed(...objects));

Deno.test("translate() makes a service for each host of a ServiceEntry", () => {
  const { services } = made(entry({
    hosts: ["api.example.org", "*.example.org"],
    addresses: ["192.0.2.1", "192.0.2.128/25", "2001:db8::1/128"],
    ports: [
      { number: 443, name: "tls", protocol: "TLS" },
      { number: 80, name: "http", protocol: "HTTP", targetPort: 8080 },
    ],
    resolution: "STATIC",
    subjectAltNames: ["spiffe://a/ns/b/sa/c"],
  }));
  const shared = {
    ...DEFAULT_SERVICE,
    name: "ext",
    namespace: "shop",
    vips: [
      { network: "", ip: "192.0.2.1" },
      { network: "", ip: "2001:db8::1" },
    ],
    cidrVips: [{ network: "", cidr: { ip: "192.0.2.128", length: 25 } }],
    ports: { 443: 443, 80: 8080 },
    appProtocols: { 443: "TLS", 80: "HTTP11" },
    subjectAltNames: ["spiffe://a/ns/b/sa/c"],
    canonical: true,
  };
  assert.deepEqual(services, [
    { ...shared, hostname: "api.example.org" },
    { ...shared, hostname: "*.example.org" },
  ]);
});

Deno.test("translate() passes through what a ServiceEntry does not resolve", () => {
  assert.deepEqual(made(entry({})).services[0]?.loadBalancer, {
    routingPreferences: [],
    mode: "Passthrough",
    healthPolicy: "AllowAll",
  });
});

Deno.test("translate() takes allocated addresses from a ServiceEntry's status", () => {
  const status = {
    addresses: [
      { value: "240.240.0.1", host: "api.example.org" },
      { value: "240.240.0.2", host: "other.example.org" },
    ],
  };
  const vipsOf = (spec: Raw, rest: Raw = {}) =>
    made(entry({ resolution: "DNS", ...spec }, { status, ...rest }))
      .services[0]?.vips;
  assert.deepEqual(vipsOf({}), [{ network: "", ip: "240.240.0.1" }]);
  assert.deepEqual(vipsOf({ resolution: "NONE" }), []);
  assert.deepEqual(vipsOf({ addresses: ["192.0.2.1"] }), [
    { network: "", ip: "192.0.2.1" },
  ]);
  const optOut = { "networking.istio.io/enable-autoallocate-ip": "false" };
  assert.deepEqual(vipsOf({}, { metadata: { labels: optOut } }), []);
});

Deno.test("translate() makes workloads of a ServiceEntry's endpoints", () => {
  const { workloads } = made(entry({
    resolution: "STATIC",
    endpoints: [
      {
        address: "192.0.2.10",
        ports: { tls: 8443 },
        network: "n2",
        locality: "eu/eu-1/r",
        weight: 5,
        serviceAccount: "ext",
      },
      { address: "b.example.org" },
      { address: "unix:///run/x" },
    ],
  }, { metadata: { labels: { app: "ext", version: "v2" } } }));
  const shared = {
    ...DEFAULT_WORKLOAD,
    name: "ext",
    namespace: "shop",
    workloadName: "ext",
    workloadType: "pod",
    canonicalName: "ext",
    canonicalRevision: "v2",
  };
  const uid = "Kubernetes/networking.istio.io/ServiceEntry/shop/ext";
  assert.deepEqual(workloads, [
    {
      ...shared,
      uid: `${uid}/192.0.2.10`,
      ips: ["192.0.2.10"],
      network: "n2",
      serviceAccount: "ext",
      locality: { region: "eu", zone: "eu-1", subzone: "r" },
      capacity: 5,
      services: { "shop/api.example.org": { 443: 8443 } },
    },
    {
      ...shared,
      uid: `${uid}/b.example.org`,
      hostname: "b.example.org",
      services: { "shop/api.example.org": { 443: 443 } },
    },
  ]);
});

Deno.test("translate() lets a host without endpoints stand for itself by DNS", () => {
  const { workloads } = made(
    entry({ hosts: ["a.example.org", "b.example.org"], resolution: "DNS" }),
  );
  assert.deepEqual(
    workloads.map(({ hostname, services }) => [hostname, services]),
    [
      ["a.example.org", { "shop/a.example.org": { 443: 443 } }],
      ["b.example.org", { "shop/b.example.org": { 443: 443 } }],
    ],
  );
  assert.deepEqual(made(entry({ resolution: "STATIC" })).workloads, []);
});

Deno.test("translate() selects pods and WorkloadEntries for a ServiceEntry", () => {
  const { workloads } = made(
    entry({
      resolution: "STATIC",
      workloadSelector: { labels: { app: "ext" } },
      ports: [{ number: 443, name: "tls" }, { number: 80, name: "http" }],
    }),
    pod("p", "10.0.0.1", {
      labels: { app: "ext" },
      spec: {
        containers: [{ ports: [{ name: "tls", containerPort: 8443 }] }],
      },
    }),
    raw("WorkloadEntry", "vm", {
      metadata: { labels: { app: "ext" } },
      spec: { address: "192.0.2.20", ports: { http: 8080 } },
    }),
  );
  const key = "shop/api.example.org";
  assert.deepEqual(workloads.map(({ services }) => services[key]), [
    { 443: 8443, 80: 80 },
    { 443: 443, 80: 8080 },
  ]);
});

Deno.test("translate() makes the workload of a WorkloadEntry", () => {
  const { workloads } = made(raw("WorkloadEntry", "vm", {
    metadata: {
      labels: { version: "v3", "security.istio.io/x": "y" },
      annotations: { "istio.io/autoRegistrationGroup": "vms" },
    },
    spec: {
      address: "192.0.2.20",
      labels: {
        app: "vm",
        version: "v2",
        "networking.istio.io/tunnel": "http",
      },
      serviceAccount: "vm",
      locality: "eu",
    },
  }));
  assert.deepEqual(workloads, [{
    ...DEFAULT_WORKLOAD,
    uid: "Kubernetes/networking.istio.io/WorkloadEntry/shop/vm",
    name: "vm",
    namespace: "shop",
    ips: ["192.0.2.20"],
    serviceAccount: "vm",
    protocol: "HBONE",
    nativeTunnel: true,
    workloadName: "vms",
    workloadType: "pod",
    canonicalName: "vm",
    canonicalRevision: "v3",
    locality: { region: "eu", zone: "", subzone: "" },
  }]);
});

Deno.test("translate() gives a WorkloadEntry the ports of a Service by name", () => {
  const { workloads } = made(
    raw("Service", "vm", {
      spec: {
        selector: { app: "vm" },
        ports: [
          { name: "a", port: 80, targetPort: "http" },
          { name: "b", port: 81, targetPort: "gone" },
          { name: "c", port: 82 },
        ],
      },
    }),
    raw("WorkloadEntry", "vm", {
      spec: {
        address: "192.0.2.20",
        labels: { app: "vm" },
        ports: { http: 8080, c: 9090 },
      },
    }),
  );
  assert.deepEqual(workloads[0]?.services, {
    "shop/vm.shop.svc.cluster.local": { 80: 8080, 82: 9090 },
  });
});

Deno.test("translate() lets one object have a host name, and one be canonical", () => {
  const host = "cart.shop.svc.cluster.local";
  const at = (creationTimestamp: string) => ({
    metadata: { creationTimestamp },
  });
  const named = (name: string, rest: Raw) =>
    raw("ServiceEntry", name, {
      ...rest,
      spec: { hosts: [host], resolution: "DNS" },
    });
  const both = made(
    named("young", at("2026-02-01T00:00:00Z")),
    named("old", at("2026-01-01T00:00:00Z")),
    named("b/far", at("2025-01-01T00:00:00Z")),
  );
  assert.deepEqual(
    both.services.map((
      { namespace, name, canonical },
    ) => [namespace, name, canonical]),
    [["shop", "old", false], ["b", "far", true]],
  );
  assert.deepEqual(both.workloads.map(({ name }) => name).sort(), [
    "far",
    "old",
  ]);
  const withService = made(
    raw("Service", "cart", { spec: {} }),
    named("old", at("2026-01-01T00:00:00Z")),
    named("b/far", at("2025-01-01T00:00:00Z")),
  );
  assert.deepEqual(
    withService.services.map(({ name, canonical }) => [name, canonical]),
    [["cart", true], ["far", false]],
  );
});
