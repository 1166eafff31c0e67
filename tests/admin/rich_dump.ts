/** A node's dump with everything in it that istioctl has a column for. */
import type { ConfigDump, PodRow, ServiceRow } from "../../src/admin/rows.ts";
import { EMPTY_MATCH, type Policy } from "../../src/model/policy.ts";
import { DEFAULT_SERVICE, type Service } from "../../src/model/service.ts";
import { DEFAULT_WORKLOAD, type Workload } from "../../src/model/workload.ts";
import { cidr, ip } from "../support/sample_mesh.ts";
import { certificate, makeWorkloadCertificate } from "./certificate_fixture.ts";
import { address, CART, DUMP, ONLY_WEB } from "./fixtures.ts";

const workload = (name: string, fields: Partial<Workload>): Workload => ({
  ...DEFAULT_WORKLOAD,
  uid: `Kubernetes//Pod/shop/${name}`,
  name,
  namespace: "shop",
  protocol: "HBONE",
  node: "node-a",
  ...fields,
});

const byName = {
  destination: {
    kind: "hostname",
    namespace: "shop",
    hostname: "waypoint.shop.svc.cluster.local",
  },
  hboneMtlsPort: 15008,
} as const;
const byAddress = {
  destination: { kind: "address", network: "", ip: ip("10.96.0.9") },
  hboneMtlsPort: 15008,
} as const;

const WORKLOADS: readonly Workload[] = [
  { ...CART, waypoint: byName },
  workload("web-1", { ips: [ip("10.0.1.5")], waypoint: byAddress }),
  workload("web-2", { ips: [ip("10.0.3.6")], node: "node-b" }),
  workload("sick", { ips: [ip("10.0.3.7")], status: "Unhealthy" }),
  workload("name-only", { hostname: "a.example.com", protocol: "TCP" }),
  workload("lost", {
    ips: [ip("10.0.3.8")],
    waypoint: {
      ...byAddress,
      destination: { ...byAddress.destination, ip: ip("10.9.9.9") },
    },
  }),
  workload("waypoint-0", {
    ips: [ip("10.0.1.9")],
    nativeTunnel: true,
    applicationTunnel: { protocol: "PROXY", port: 15088 },
  }),
  workload("other", { namespace: "ops", ips: [ip("10.0.1.7")] }),
];

const service = (
  name: string,
  vips: readonly string[],
  fields: Partial<Service> = {},
): Service => ({
  ...DEFAULT_SERVICE,
  name,
  namespace: "shop",
  hostname: `${name}.shop.svc.cluster.local`,
  vips: vips.map((vip) => ({ network: "", ip: ip(vip) })),
  ports: { 80: 8080 },
  ...fields,
});

const endpoints = (...names: readonly string[]) =>
  WORKLOADS.filter(({ name }) => names.includes(name))
    .map((w) => ({ workload: w, ports: { 80: 8080 } }));

const SERVICES: readonly ServiceRow[] = [
  {
    service: service("cart", ["10.96.7.7", "fd00::7"], { waypoint: byName }),
    endpoints: endpoints("cart-7d9"),
  },
  {
    service: service("web", ["10.96.0.5"], {
      waypoint: byAddress,
      weightedWaypoints: [{ destination: byName, weight: 90 }],
      loadBalancer: {
        mode: "Strict",
        routingPreferences: ["Node"],
        healthPolicy: "AllowAll",
      },
    }),
    endpoints: endpoints("web-1", "web-2", "sick"),
  },
  {
    service: service("waypoint", ["10.96.0.9"]),
    endpoints: endpoints("waypoint-0"),
  },
  {
    service: service("ranges", [], {
      cidrVips: [{ network: "net2", cidr: cidr("10.50.0.0/16") }],
      hostname: "*.wild.example",
    }),
    endpoints: [],
  },
];

const policy = (name: string, fields: Partial<Policy>): Policy => ({
  ...ONLY_WEB,
  key: `shop/${name}`,
  name,
  ...fields,
});

/** One of every scope and action, and every kind of match between them. */
const POLICIES: readonly Policy[] = [
  ONLY_WEB,
  policy("deny-ops", { action: "Deny", scope: "Namespace", dryRun: true }),
  policy("mesh-wide", {
    namespace: "istio-system",
    key: "istio-system/mesh-wide",
    scope: "Global",
    rules: [[[{
      ...EMPTY_MATCH,
      notServiceAccounts: [{ namespace: "shop", serviceAccount: "web" }],
      notSourceIps: [cidr("10.0.0.0/8")],
      destinationIps: [cidr("fd00::/8")],
      notDestinationPorts: [22],
    }]], []],
  }),
  policy("allow-nothing", { rules: [] }),
];

const PODS: readonly PodRow[] = [
  {
    uid: "u-cart",
    name: "cart-7d9",
    namespace: "shop",
    serviceAccount: "cart",
    state: "Up",
    connections: {
      inbound: [
        {
          src: address("10.0.1.5:33050"),
          actualDst: address("10.0.2.8:8080"),
          originalDst: "cart.shop.svc.cluster.local",
          protocol: "HBONE",
          lane: "hbone",
        },
        {
          src: address("192.0.2.1:1"),
          actualDst: address("[fd00::5]:8080"),
          protocol: "TCP",
          lane: "plaintext",
        },
      ],
      outbound: [
        {
          src: address("10.0.2.8:40000"),
          originalDst: "10.96.0.5:80",
          actualDst: address("10.0.3.6:15008"),
          protocol: "HBONE",
          lane: "hbone",
        },
        {
          src: address("10.0.2.8:40001"),
          originalDst: "203.0.113.9:443",
          actualDst: address("203.0.113.9:443"),
          protocol: "TCP",
          lane: "passthrough",
          relay: "kernel",
        },
        {
          src: address("10.0.2.8:40002"),
          originalDst: "10.96.0.5:80",
          actualDst: address("10.0.9.9:15008"),
          protocol: "DOUBLEHBONE",
        },
      ],
    },
  },
  {
    uid: "u-new",
    name: "new",
    namespace: "ops",
    serviceAccount: "new",
    state: "Pending",
  },
];

/** A chain of two under two roots, one identity that waits and one that is refused. */
async function certificateRows(): Promise<ConfigDump["certificates"]> {
  const cart = await makeWorkloadCertificate();
  const years = ["2025-01-01T00:00:00Z", "2035-01-01T00:00:00Z"] as const;
  const chainPem = cart.chainPem + await certificate("0a", ...years);
  const rootsPem = cart.rootsPem + await certificate("0b", ...years);
  return [
    {
      identity: cart.spiffeId,
      state: {
        at: "available",
        certificate: { ...cart, chainPem, rootsPem },
      },
    },
    {
      identity: "spiffe://cluster.local/ns/shop/sa/late",
      state: { at: "initializing" },
    },
    {
      identity: "spiffe://cluster.local/ns/shop/sa/web",
      state: { at: "unavailable", why: "the authority is away" },
    },
  ];
}

export const richDump = async (): Promise<ConfigDump> => ({
  ...DUMP,
  workloads: WORKLOADS,
  services: SERVICES,
  policies: POLICIES,
  pods: PODS,
  certificates: await certificateRows(),
});
