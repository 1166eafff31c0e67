import { deepEqual, equal } from "node:assert/strict";
import { toConfigDump } from "../../src/admin/config_dump.ts";
import { dumpCertificate } from "../../src/admin/dump_certificate.ts";
import { dumpConfig } from "../../src/admin/dump_config.ts";
import { sortedJson } from "../../src/admin/json.ts";
import type { ConfigDump } from "../../src/admin/rows.ts";
import { EMPTY_MATCH } from "../../src/model/policy.ts";
import { DEFAULT_SERVICE } from "../../src/model/service.ts";
import { makeWorkloadCertificate } from "./certificate_fixture.ts";
import {
  address,
  BARE,
  CART,
  CART_SERVICE,
  CONFIG,
  DUMP,
  ONLY_WEB,
} from "./fixtures.ts";

/** One section of the dump, as a reader of the text sees it. */
function section(name: string, dump: ConfigDump = DUMP) {
  return JSON.parse(sortedJson(toConfigDump(dump)))[name];
}

Deno.test("toConfigDump() has every section of ztunnel's and hairpin's own", () => {
  deepEqual(Object.keys(JSON.parse(sortedJson(toConfigDump(DUMP)))), [
    "certificates",
    "config",
    "configErrors",
    "hairpin",
    "policies",
    "services",
    "stagedServices",
    "staticConfig",
    "version",
    "workloadState",
    "workloads",
  ]);
});

Deno.test("toConfigDump() leaves pods out where there are none to serve", () => {
  const { pods: _, ...waypoint } = DUMP;
  equal(section("workloadState", waypoint), undefined);
});

Deno.test("toConfigDump() does not let an addition replace a section", () => {
  const additions = { routes: [1], policies: [] };
  deepEqual(section("routes", { ...DUMP, additions }), [1]);
  equal(section("policies", { ...DUMP, additions }).length, 1);
});

Deno.test("workloads are in the order of uid, without fields at their default", () => {
  const [bare, cart] = section("workloads");
  deepEqual(bare, {
    applicationTunnel: { port: null, protocol: "NONE" },
    capacity: 0,
    clusterId: "",
    hostname: "a.example.com",
    name: "b",
    namespace: "shop",
    nativeTunnel: true,
    networkMode: "Standard",
    protocol: "TCP",
    status: "Unhealthy",
    uid: "b",
    workloadIps: [],
    workloadType: "job",
  });
  deepEqual(cart, {
    applicationTunnel: { port: 15088, protocol: "PROXY" },
    authorizationPolicies: ["shop/only-web"],
    canonicalName: "cart",
    canonicalRevision: "v1",
    capacity: 1,
    clusterId: "Kubernetes",
    locality: { region: "eu", subzone: "", zone: "eu-1" },
    name: "cart-7d9",
    namespace: "shop",
    networkGateway: { destination: "net2/192.0.2.9", hboneMtlsPort: 15008 },
    networkMode: "Standard",
    node: "node-a",
    protocol: "HBONE",
    serviceAccount: "cart",
    services: [
      "shop/cart.shop.svc.cluster.local",
      "shop/later.shop.svc.cluster.local",
    ],
    status: "Healthy",
    trustDomain: "cluster.local",
    uid: "cluster1//Pod/shop/cart-7d9",
    waypoint: {
      destination: "shop/waypoint.shop.svc.cluster.local",
      hboneMtlsPort: 15008,
    },
    workloadIps: ["10.0.2.8", "fd00::5"],
    workloadName: "cart",
    workloadType: "deployment",
  });
});

Deno.test("workloads of the local file show their services with ports", () => {
  const staticConfig = { workloads: [CART, BARE], services: [], policies: [] };
  const { workloads } = section("staticConfig", { ...DUMP, staticConfig });
  deepEqual(workloads[0].services, {
    "shop/cart.shop.svc.cluster.local": { 80: 8080, 443: 8443 },
    "shop/later.shop.svc.cluster.local": { 80: 8080 },
  });
  deepEqual(workloads[1].services, {});
});

Deno.test("services show their endpoints by uid", () => {
  deepEqual(section("services"), [{
    canonical: true,
    cidrVips: [{ cidr: "10.50.0.0/16", network: "" }],
    endpoints: {
      "cluster1//Pod/shop/cart-7d9": {
        port: { "80": 8080 },
        status: "Healthy",
        workloadUid: "cluster1//Pod/shop/cart-7d9",
      },
    },
    hostname: "cart.shop.svc.cluster.local",
    ipFamilies: "Dual",
    loadBalancer: {
      healthPolicy: "OnlyHealthy",
      mode: "Failover",
      routingPreferences: ["Network", "Region", "Zone"],
    },
    name: "cart",
    namespace: "shop",
    ports: { "443": 8443, "80": 8080, "9000": 0 },
    subjectAltNames: ["spiffe://cluster.local/ns/shop/sa/cart"],
    vips: ["/10.96.7.7", "net2/fd00::7"],
    visibility: "Public",
    waypoint: {
      destination: "shop/waypoint.shop.svc.cluster.local",
      hboneMtlsPort: 15008,
    },
    weightedWaypoints: [{
      destination: {
        destination: "shop/waypoint.shop.svc.cluster.local",
        hboneMtlsPort: 15008,
      },
      weight: 10,
    }],
  }]);
});

Deno.test("services without settings show only what is always there", () => {
  const service = { ...DEFAULT_SERVICE, name: "d", hostname: "d.svc" };
  const services = [{ service: CART_SERVICE, endpoints: [] }, {
    service,
    endpoints: [],
  }];
  deepEqual(section("services", { ...DUMP, services })[1], {
    canonical: false,
    endpoints: {},
    hostname: "d.svc",
    name: "d",
    namespace: "",
    ports: {},
    subjectAltNames: [],
    vips: [],
    visibility: "Public",
  });
});

Deno.test("stagedServices are endpoints by service and uid", () => {
  deepEqual(section("stagedServices"), {
    "shop/later.shop.svc.cluster.local": {
      "cluster1//Pod/shop/cart-7d9": {
        port: { "80": 8080 },
        status: "Healthy",
        workloadUid: "cluster1//Pod/shop/cart-7d9",
      },
    },
  });
});

Deno.test("policies show only the families that are set", () => {
  deepEqual(section("policies"), [{
    action: "Allow",
    dryRun: false,
    name: "only-web",
    namespace: "shop",
    rules: [[[{
      destinationPorts: [8080],
      namespaces: [{ Suffix: "x" }],
      notDestinationIps: ["fd00::1/128"],
      notNamespaces: [{ Exact: "y" }],
      serviceAccounts: [{ namespace: "shop", serviceAccount: "web" }],
      sourceIps: ["10.0.0.0/8"],
    }, {
      notPrincipals: [{ Presence: [] }],
      principals: [{ Prefix: "cluster.local/ns/ops/" }],
    }]]],
    scope: "WorkloadSelector",
  }]);
});

Deno.test("policies keep matches, clauses and rules that are empty", () => {
  const rules = [[[EMPTY_MATCH]], [[]], []];
  const policies = [{ ...ONLY_WEB, rules }];
  deepEqual(section("policies", { ...DUMP, policies })[0].rules, [
    [[{}]],
    [[]],
    [],
  ]);
});

Deno.test("workloadState shows connections in order, and none before a pod was up", () => {
  deepEqual(section("workloadState"), {
    "0": {
      info: { name: "new", namespace: "shop", serviceAccount: "web" },
      state: "Pending",
    },
    "54ce2023": {
      connections: {
        inbound: [{
          actualDst: "10.0.2.8:8080",
          lane: "plaintext",
          originalDst: null,
          protocol: "TCP",
          relay: "kernel",
          src: "10.0.1.4:1",
        }, {
          actualDst: "10.0.2.8:8080",
          lane: "hbone",
          originalDst: "cart.shop.svc.cluster.local",
          protocol: "HBONE",
          src: "10.0.1.5:33050",
        }],
        outbound: [],
      },
      info: { name: "cart-7d9", namespace: "shop", serviceAccount: "cart" },
      state: "Up",
    },
  });
});

Deno.test("workloadState shows equal connections once", () => {
  const row = {
    src: address("10.0.0.1:1"),
    actualDst: address("10.0.0.2:2"),
    protocol: "TCP" as const,
  };
  const connections = { inbound: [], outbound: [row, { ...row }] };
  const pods = [{ ...DUMP.pods![0]!, connections }];
  const state = section("workloadState", { ...DUMP, pods });
  equal(state["54ce2023"].connections.outbound.length, 1);
});

Deno.test("certificates show public parts with decimal serial numbers", async () => {
  const certificate = await makeWorkloadCertificate();
  const row = {
    identity: certificate.spiffeId,
    state: { at: "available", certificate } as const,
  };
  const certificates = section("certificates", {
    ...DUMP,
    certificates: [row],
  });
  deepEqual(certificates, [{
    certChain: [{
      expirationTime: "2026-08-21T10:00:00Z",
      pem: btoa(certificate.chainPem),
      serialNumber: "170141183460469231731687303715884105729",
      validFrom: "2026-08-20T09:58:00Z",
    }],
    identity: "spiffe://cluster.local/ns/shop/sa/cart",
    rootCerts: [{
      expirationTime: "2036-01-01T00:00:00Z",
      pem: btoa(certificate.rootsPem),
      serialNumber: "1",
      validFrom: "2026-01-01T00:00:00Z",
    }],
    state: "Available",
  }]);
});

Deno.test("certificates that are not there say why", () => {
  const identity = "spiffe://cluster.local/ns/shop/sa/cart";
  const none = { certChain: [], rootCerts: [], identity };
  deepEqual(dumpCertificate({ identity, state: { at: "initializing" } }), {
    ...none,
    state: "Initializing",
  });
  deepEqual(
    dumpCertificate({ identity, state: { at: "unavailable", why: "refused" } }),
    { ...none, state: "Unavailable: refused" },
  );
});

Deno.test("certificates that cannot be read do not hide the others", async () => {
  const good = await makeWorkloadCertificate();
  const broken =
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const certificate = { ...good, rootsPem: broken + good.rootsPem };
  const dump = JSON.parse(sortedJson(dumpCertificate({
    identity: good.spiffeId,
    state: { at: "available", certificate },
  })));
  deepEqual(
    dump.rootCerts.map((r: { serialNumber: string }) => r.serialNumber),
    ["", "1"],
  );
});

// The keys that a running ztunnel shows.
const CONFIG_KEYS = `adminAddr altCaHostname altXdsHostname caAddress caHeaders
caRootCert clusterDomain clusterId connectionWindowSize crlPath dnsProxy
dnsProxyAddr dnsResolverCfg dnsResolverOpts enableEnhancedBaggage fakeCa
fakeSelfInbound frameSize illegalPorts inboundAddr inboundPlaintextAddr
inpodPortReuse inpodUds ipv6Enabled localNode localhostAppTunnel network
numWorkerThreads outboundAddr packetMark poolMaxStreamsPerConn
poolUnusedReleaseTimeout preferedServiceNamespace proxy proxyArgs proxyMetadata
proxyMode proxyWorkloadInformation readinessAddr requireOriginalSource secretTtl
selfTerminationDeadline socketConfig socks5Addr statsAddr windowSize xdsAddress
xdsHeaders xdsOnDemand xdsRootCert ztunnelIdentity ztunnelWorkload`.split(/\s/);

Deno.test("config has exactly ztunnel's keys", () => {
  deepEqual(Object.keys(section("config")), CONFIG_KEYS);
});

Deno.test("config shows values in ztunnel's shapes", () => {
  const config = section("config");
  deepEqual(config.adminAddr, { Localhost: [true, 15000] });
  deepEqual(config.statsAddr, { SocketAddr: "[::]:15020" });
  equal(config.inboundAddr, "[::]:15008");
  equal(config.xdsRootCert, "Default");
  deepEqual(config.caRootCert, { File: "./root-cert.pem" });
  deepEqual(config.selfTerminationDeadline, { nanos: 500_000_000, secs: 2 });
  deepEqual(config.illegalPorts, [15001, 15006, 15008]);
  equal(
    config.ztunnelIdentity,
    "spiffe://cluster.local/ns/istio-system/sa/ztunnel",
  );
});

Deno.test("config of a process outside a cluster has no addresses", () => {
  const config = JSON.parse(sortedJson(dumpConfig({
    ...CONFIG,
    xds: undefined,
    ca: { kind: "embedded", dir: "/var/lib/hairpin" },
    pod: { ...CONFIG.pod, name: undefined },
    socks5: true,
    ipv6: { enabled: false, loopback: false },
  })));
  equal(config.xdsAddress, null);
  equal(config.caAddress, null);
  equal(config.ztunnelWorkload, null);
  equal(config.inboundAddr, "0.0.0.0:15008");
  equal(config.socks5Addr, "127.0.0.1:15080");
  equal(config.illegalPorts.includes(15080), true);
});

Deno.test("the dump holds no key, no token and no header that is one", async () => {
  const certificate = await makeWorkloadCertificate();
  const text = sortedJson(toConfigDump({
    ...DUMP,
    certificates: [{ identity: "x", state: { at: "available", certificate } }],
  }));
  equal(/PRIVATE KEY|c2VjcmV0|s3cret|t0ken/.test(text), false);
  equal(text.includes("<hidden>"), true);
});
