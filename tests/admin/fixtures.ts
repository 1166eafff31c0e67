/** Rows that the tests of the admin server share. */
import type { ConfigDump } from "../../src/admin/rows.ts";
import type { Config } from "../../src/config/config.ts";
import {
  parseCidr,
  parseIp,
  parseSocketAddress,
} from "../../src/model/address.ts";
import { EMPTY_MATCH, type Policy } from "../../src/model/policy.ts";
import { DEFAULT_SERVICE, type Service } from "../../src/model/service.ts";
import { DEFAULT_WORKLOAD, type Workload } from "../../src/model/workload.ts";

const ip = (text: string) => parseIp(text)!;
const cidr = (text: string) => parseCidr(text)!;
export const address = (text: string) => parseSocketAddress(text)!;

export const CONFIG: Config = {
  mode: "node",
  gateway: undefined,
  configPaths: [],
  localXds: undefined,
  kube: undefined,
  xds: {
    address: "https://istiod.istio-system.svc:15012",
    roots: { kind: "system" },
    alternativeHostname: undefined,
    headers: { a: "b", authorization: "Bearer s3cret" },
    onDemand: false,
  },
  ca: {
    kind: "remote",
    server: {
      address: "https://istiod.istio-system.svc:15012",
      roots: { kind: "file", path: "./root-cert.pem" },
      alternativeHostname: "istiod",
      headers: {},
    },
  },
  authToken: { kind: "static", token: "t0ken" },
  nodeName: "node-a",
  redirect: "agent",
  inpodUds: "/var/run/ztunnel/ztunnel.sock",
  hostProc: "/proc",
  nodeSide: {
    redirectBackend: "auto",
    openConnections: "keep",
    taint: undefined,
    repair: "mark",
    awsBranchEni: true,
  },
  inpodPortReuse: true,
  proxyMode: "shared",
  dedicatedWorkload: undefined,
  proxyEnabled: true,
  socks5: false,
  waypointBypass: "hairpin",
  waypointUnreachable: "fail",
  nodeLocalLane: true,
  kernelLane: "auto",
  workers: 2,
  admin: { host: "127.0.0.1", port: 15000 },
  stats: { host: "::", port: 15020 },
  readiness: { host: "::", port: 15021 },
  trustDomain: "cluster.local",
  clusterDomain: "cluster.local",
  clusterId: "Kubernetes",
  network: "",
  log: { filter: "info", format: "plain" },
  keepalive: {
    enabled: true,
    timeMs: 180_000,
    intervalMs: 180_000,
    retries: 9,
  },
  userTimeoutMs: undefined,
  http2: {
    streamWindow: 4_194_304,
    connectionWindow: 16_777_216,
    frameSize: 1_048_576,
  },
  pool: { streamsPerConnectionMax: 100, unusedReleaseMs: 300_000 },
  drainMs: 2_500,
  secretTtlMs: 86_400_000,
  packetMark: 1337,
  requireOriginalSource: undefined,
  ipv6: { enabled: true, loopback: true },
  localhostAppTunnel: true,
  responseBaggage: true,
  authzInfoLogging: false,
  dns: {
    capture: false,
    listen: { host: "localhost", port: 15053 },
    resolvConf: "/etc/resolv.conf",
    preferredNamespace: undefined,
  },
  crlPath: undefined,
  compliancePolicy: undefined,
  tls12: false,
  pod: {
    name: "zt",
    namespace: "istio-system",
    serviceAccount: "ztunnel",
    ip: "1.1.1.1",
  },
  proxyMetadata: { CLUSTER_ID: "Kubernetes" },
  proxyMetadataJson: {},
  istioVersion: "unknown",
  warnings: [],
};

/** Every field set. */
export const CART: Workload = {
  ...DEFAULT_WORKLOAD,
  uid: "cluster1//Pod/shop/cart-7d9",
  name: "cart-7d9",
  namespace: "shop",
  ips: [ip("10.0.2.8"), ip("fd00::5")],
  serviceAccount: "cart",
  node: "node-a",
  protocol: "HBONE",
  workloadName: "cart",
  canonicalName: "cart",
  canonicalRevision: "v1",
  locality: { region: "eu", zone: "eu-1", subzone: "" },
  waypoint: {
    destination: {
      kind: "hostname",
      namespace: "shop",
      hostname: "waypoint.shop.svc.cluster.local",
    },
    hboneMtlsPort: 15008,
  },
  networkGateway: {
    destination: { kind: "address", network: "net2", ip: ip("192.0.2.9") },
    hboneMtlsPort: 15008,
  },
  applicationTunnel: { protocol: "PROXY", port: 15088 },
  authorizationPolicies: ["shop/only-web"],
  services: {
    "shop/later.shop.svc.cluster.local": { 80: 8080 },
    "shop/cart.shop.svc.cluster.local": { 80: 8080, 443: 8443 },
  },
};

/** Hardly any field set. */
export const BARE: Workload = {
  ...DEFAULT_WORKLOAD,
  uid: "b",
  name: "b",
  namespace: "shop",
  hostname: "a.example.com",
  trustDomain: "",
  serviceAccount: "",
  clusterId: "",
  workloadType: "job",
  nativeTunnel: true,
  applicationTunnel: { protocol: "NONE" },
  status: "Unhealthy",
  capacity: 0,
};

export const CART_SERVICE: Service = {
  ...DEFAULT_SERVICE,
  name: "cart",
  namespace: "shop",
  hostname: "cart.shop.svc.cluster.local",
  vips: [
    { network: "", ip: ip("10.96.7.7") },
    { network: "net2", ip: ip("fd00::7") },
  ],
  cidrVips: [{ network: "", cidr: cidr("10.50.0.0/16") }],
  ports: { 80: 8080, 443: 8443, 9000: 0 },
  subjectAltNames: ["spiffe://cluster.local/ns/shop/sa/cart"],
  loadBalancer: {
    mode: "Failover",
    routingPreferences: ["Network", "Region", "Zone"],
    healthPolicy: "OnlyHealthy",
  },
  ipFamilies: "Dual",
  canonical: true,
  waypoint: CART.waypoint!,
  weightedWaypoints: [{ destination: CART.waypoint!, weight: 10 }],
};

export const ONLY_WEB: Policy = {
  key: "shop/only-web",
  name: "only-web",
  namespace: "shop",
  scope: "WorkloadSelector",
  action: "Allow",
  dryRun: false,
  rules: [[[{
    ...EMPTY_MATCH,
    namespaces: [{ kind: "suffix", value: "x" }],
    notNamespaces: [{ kind: "exact", value: "y" }],
    serviceAccounts: [{ namespace: "shop", serviceAccount: "web" }],
    sourceIps: [cidr("10.0.0.0/8")],
    notDestinationIps: [cidr("fd00::1/128")],
    destinationPorts: [8080],
  }, {
    ...EMPTY_MATCH,
    principals: [{ kind: "prefix", value: "cluster.local/ns/ops/" }],
    notPrincipals: [{ kind: "presence" }],
  }]]],
};

export const DUMP: ConfigDump = {
  config: CONFIG,
  version: {
    version: "0.1.0",
    gitRevision: "abc",
    rustVersion: "none",
    buildProfile: "release",
    buildStatus: "Clean",
    istioVersion: "unknown",
    cryptoProvider: "rustls",
  },
  workloads: [CART, BARE],
  services: [{
    service: CART_SERVICE,
    endpoints: [{ workload: CART, ports: { 80: 8080 } }],
  }],
  policies: [ONLY_WEB],
  stagedServices: [{
    key: "shop/later.shop.svc.cluster.local",
    endpoints: [{ workload: CART, ports: { 80: 8080 } }],
  }],
  staticConfig: { workloads: [], services: [], policies: [] },
  certificates: [],
  pods: [{
    uid: "54ce2023",
    name: "cart-7d9",
    namespace: "shop",
    serviceAccount: "cart",
    state: "Up",
    connections: {
      inbound: [{
        src: address("10.0.1.5:33050"),
        actualDst: address("10.0.2.8:8080"),
        originalDst: "cart.shop.svc.cluster.local",
        protocol: "HBONE",
        lane: "hbone",
      }, {
        src: address("10.0.1.4:1"),
        actualDst: address("10.0.2.8:8080"),
        protocol: "TCP",
        lane: "plaintext",
        relay: "kernel",
      }],
      outbound: [],
    },
  }, {
    uid: "0",
    name: "new",
    namespace: "shop",
    serviceAccount: "web",
    state: "Pending",
  }],
  configErrors: ['Cannot read "mesh.yaml": document 2, spec.rules: ...'],
};
