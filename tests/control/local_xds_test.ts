import assert from "node:assert/strict";
import { ConfigError } from "../../src/base/errors.ts";
import { readLocalXds } from "../../src/control/local_xds.ts";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { EMPTY_MATCH } from "../../src/model/policy.ts";
import { DEFAULT_SERVICE } from "../../src/model/service.ts";
import { DEFAULT_WORKLOAD } from "../../src/model/workload.ts";

const read = (text: string) => readLocalXds(text, "xds.yaml");

Deno.test("readLocalXds() reads every field of a workload", () => {
  const delta = read(`
workloads:
- uid: cluster1//Pod/shop/cart-7d9
  name: cart-7d9
  namespace: shop
  serviceAccount: cart
  trustDomain: cluster.local
  workloadIps: ["10.0.1.5", "FD00:0::5"]
  hostname: h
  network: n
  node: node-a
  protocol: HBONE
  networkMode: HostNetwork
  status: Unhealthy
  clusterId: c1
  workloadName: cart
  workloadType: job
  canonicalName: cart
  canonicalRevision: v1
  nativeTunnel: true
  locality: {region: eu, zone: eu-1}
  capacity: 3
  waypoint: {destination: "shop/waypoint.shop.svc.cluster.local", hboneMtlsPort: 15008}
  networkGateway: {destination: "net2/192.0.2.9", hboneMtlsPort: 15008}
  applicationTunnel: {protocol: PROXY, port: 15088}
  authorizationPolicies: ["shop/only-web"]
  services:
    "shop/cart.shop.svc.cluster.local": {80: 8080}
`);
  assert.deepEqual(delta, {
    ...EMPTY_DELTA,
    workloads: [{
      uid: "cluster1//Pod/shop/cart-7d9",
      name: "cart-7d9",
      namespace: "shop",
      serviceAccount: "cart",
      trustDomain: "cluster.local",
      ips: ["10.0.1.5", "fd00::5"],
      hostname: "h",
      network: "n",
      node: "node-a",
      protocol: "HBONE",
      networkMode: "HostNetwork",
      status: "Unhealthy",
      clusterId: "c1",
      workloadName: "cart",
      workloadType: "job",
      canonicalName: "cart",
      canonicalRevision: "v1",
      nativeTunnel: true,
      locality: { region: "eu", zone: "eu-1", subzone: "" },
      capacity: 3,
      waypoint: {
        destination: {
          kind: "hostname",
          namespace: "shop",
          hostname: "waypoint.shop.svc.cluster.local",
        },
        hboneMtlsPort: 15008,
      },
      networkGateway: {
        destination: { kind: "address", network: "net2", ip: "192.0.2.9" },
        hboneMtlsPort: 15008,
      },
      applicationTunnel: { protocol: "PROXY", port: 15088 },
      authorizationPolicies: ["shop/only-web"],
      services: { "shop/cart.shop.svc.cluster.local": { 80: 8080 } },
    }],
  });
});

Deno.test("readLocalXds() fills in what a workload leaves out", () => {
  const { workloads } = read(
    "workloads: [{namespace: shop, workloadIps: [], services: {}}]",
  );
  assert.deepEqual(workloads, [{
    ...DEFAULT_WORKLOAD,
    namespace: "shop",
    serviceAccount: "",
    trustDomain: "",
  }]);
});

Deno.test("readLocalXds() reads every field of a service", () => {
  const { services } = read(`
services:
- name: cart
  namespace: shop
  hostname: cart.shop.svc.cluster.local
  vips: ["/10.96.7.7", "net/fd00::7"]
  cidrVips: [{network: "", cidr: 10.50.0.0/16}]
  ports: {80: 8080, 81: 0}
  subjectAltNames: ["spiffe://cluster.local/ns/shop/sa/cart"]
  loadBalancer: {mode: Failover, routingPreferences: [Network, Region, Zone], healthPolicy: OnlyHealthy}
  ipFamilies: Dual
  canonical: true
  visibility: Namespace
  waypoint: {destination: /10.0.0.1, hboneMtlsPort: 15008}
  weightedWaypoints: [{destination: {destination: "shop/wp2", hboneMtlsPort: 15008}, weight: 10}]
- {name: min, namespace: shop, hostname: min}
`);
  assert.deepEqual(services, [{
    name: "cart",
    namespace: "shop",
    hostname: "cart.shop.svc.cluster.local",
    vips: [{ network: "", ip: "10.96.7.7" }, { network: "net", ip: "fd00::7" }],
    cidrVips: [{ network: "", cidr: { ip: "10.50.0.0", length: 16 } }],
    ports: { 80: 8080, 81: 0 },
    subjectAltNames: ["spiffe://cluster.local/ns/shop/sa/cart"],
    loadBalancer: {
      mode: "Failover",
      routingPreferences: ["Network", "Region", "Zone"],
      healthPolicy: "OnlyHealthy",
    },
    ipFamilies: "Dual",
    canonical: true,
    visibility: "Namespace",
    waypoint: {
      destination: { kind: "address", network: "", ip: "10.0.0.1" },
      hboneMtlsPort: 15008,
    },
    weightedWaypoints: [{
      destination: {
        destination: { kind: "hostname", namespace: "shop", hostname: "wp2" },
        hboneMtlsPort: 15008,
      },
      weight: 10,
    }],
  }, { ...DEFAULT_SERVICE, name: "min", namespace: "shop", hostname: "min" }]);
});

Deno.test("readLocalXds() reads string matches as tags and as mappings", () => {
  const { policies } = read(`
policies:
- name: only-web
  namespace: shop
  scope: WorkloadSelector
  action: Allow
  dryRun: false
  rules:
  - - - serviceAccounts: [{namespace: shop, serviceAccount: web}]
        destinationPorts: [8080]
      - principals: [!Exact a, !Prefix "b/", !Suffix c, !Presence []]
        notPrincipals: [{Exact: a}, {Prefix: b/}, {Suffix: c}, {Presence: {}}]
  - []
  - - []
    - - {}
`);
  const values = [
    { kind: "exact", value: "a" },
    { kind: "prefix", value: "b/" },
    { kind: "suffix", value: "c" },
    { kind: "presence" },
  ];
  assert.deepEqual(policies, [{
    key: "shop/only-web",
    name: "only-web",
    namespace: "shop",
    scope: "WorkloadSelector",
    action: "Allow",
    dryRun: false,
    rules: [
      [[
        {
          ...EMPTY_MATCH,
          serviceAccounts: [{ namespace: "shop", serviceAccount: "web" }],
          destinationPorts: [8080],
        },
        { ...EMPTY_MATCH, principals: values, notPrincipals: values },
      ]],
      [],
      [[], [EMPTY_MATCH]],
    ],
  }]);
});

Deno.test("readLocalXds() reads nothing out of an empty file", () => {
  assert.deepEqual(read("# nothing\n"), EMPTY_DELTA);
});

const refused: [name: string, text: string, line: string][] = [
  [
    "an unknown section",
    "workload: []\n",
    'Cannot use "xds.yaml": line 1: workload: unknown field',
  ],
  [
    "an unknown field of a workload",
    "workloads:\n- {namespace: a, workloadIps: [], services: {}, authorizationPolicy: []}\n",
    'Cannot use "xds.yaml": line 2: workloads[0].authorizationPolicy: unknown field',
  ],
  [
    "a workload without addresses field",
    "workloads:\n- {namespace: a, services: {}}\n",
    'Cannot use "xds.yaml": line 2: workloads[0].workloadIps: is missing',
  ],
  [
    "a bad address",
    "workloads:\n- namespace: a\n  services: {}\n  workloadIps: [10.0.0.1, x]\n",
    'Cannot use "xds.yaml": line 4: workloads[0].workloadIps[1]: "x" is not an IP address',
  ],
  [
    "a service name without namespace",
    "workloads:\n- {namespace: a, workloadIps: [], services: {b: {}}}\n",
    'Cannot use "xds.yaml": line 2: workloads[0].services: has a key that is not "NAMESPACE/HOST"',
  ],
  [
    "a gateway without namespace",
    "workloads:\n- {namespace: a, workloadIps: [], services: {}, waypoint: {destination: wp, hboneMtlsPort: 1}}\n",
    'Cannot use "xds.yaml": line 2: workloads[0].waypoint.destination: "wp" is not "NAMESPACE/HOST" or "NETWORK/ADDRESS"',
  ],
  [
    "half a load balancer",
    "services:\n- {name: a, namespace: b, hostname: c, loadBalancer: {mode: Strict, routingPreferences: []}}\n",
    'Cannot use "xds.yaml": line 2: services[0].loadBalancer.healthPolicy: is missing',
  ],
  [
    "a policy without dryRun",
    "policies:\n- {name: a, namespace: b, scope: Global, action: Deny}\n",
    'Cannot use "xds.yaml": line 2: policies[0].dryRun: is missing',
  ],
  [
    "a policy in Istio's spelling",
    "policies:\n- {name: a, namespace: b, scope: Global, action: DENY, dryRun: false}\n",
    'Cannot use "xds.yaml": line 2: policies[0].action: "DENY" is not one of Allow, Deny',
  ],
  [
    "a bare string match",
    "policies:\n- {name: a, namespace: b, scope: Global, action: Deny, dryRun: false, rules: [[[{principals: [x]}]]]}\n",
    'Cannot use "xds.yaml": line 2: policies[0].rules[0][0][0].principals[0]: "x" is none of !Exact, !Prefix, !Suffix and !Presence',
  ],
  [
    "an unknown kind of match",
    "policies:\n- principals: !Regex x\n",
    'Cannot use "xds.yaml": document 1, line 2, column 15: Unresolved tag: !Regex',
  ],
  [
    "two documents",
    "workloads: []\n---\nworkloads: []\n",
    'Cannot use "xds.yaml": more than one document',
  ],
];
for (const [name, text, line] of refused) {
  Deno.test(`readLocalXds() refuses ${name}`, () => {
    assert.throws(() => read(text), (reason) => {
      assert.ok(reason instanceof ConfigError);
      assert.equal(reason.message, line);
      return true;
    });
  });
}
