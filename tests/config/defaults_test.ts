import assert from "node:assert/strict";
import { configOf, MACHINE, NODE } from "./support.ts";

Deno.test("a node with nothing but its sources has ztunnel's defaults", () => {
  assert.deepEqual(configOf(NODE), {
    mode: "node",
    gateway: undefined,
    configPaths: ["mesh"],
    localXds: undefined,
    kube: undefined,
    xds: undefined,
    ca: { kind: "embedded", dir: "ca" },
    authToken: undefined,
    nodeName: "host-1",
    redirect: "self",
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
    admin: { host: "127.0.0.1", port: 15_000 },
    stats: { host: "::", port: 15_020 },
    readiness: { host: "::", port: 15_021 },
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
    drainMs: 5_000,
    secretTtlMs: 86_400_000,
    packetMark: 1337,
    requireOriginalSource: undefined,
    ipv6: { enabled: true, loopback: true },
    localhostAppTunnel: true,
    responseBaggage: true,
    authzInfoLogging: false,
    dns: {
      capture: true,
      listen: { host: "localhost", port: 15_053 },
      resolvConf: "/etc/resolv.conf",
      preferredNamespace: undefined,
    },
    crlPath: undefined,
    compliancePolicy: undefined,
    tls12: false,
    pod: {
      name: undefined,
      namespace: undefined,
      serviceAccount: undefined,
      ip: "1.1.1.1",
    },
    proxyMetadata: {},
    proxyMetadataJson: {},
    istioVersion: "unknown",
    warnings: [],
  });
});

Deno.test("pods are enrolled by the agent where there is no --config", () => {
  const args = ["--mode", "node", "--local-xds", "x", "--ca-dir", "ca"];
  assert.equal(configOf(args).redirect, "agent");
});

Deno.test("dedicated mode marks no packets unless it is told to", () => {
  const dedicated = {
    PROXY_MODE: "dedicated",
    PROXY_WORKLOAD_INFO: "a/b/c",
  };
  assert.equal(configOf(NODE, dedicated).packetMark, undefined);
  const marked = { ...dedicated, PACKET_MARK: "7" };
  assert.equal(configOf(NODE, marked).packetMark, 7);
});

Deno.test("IPv6 on loopback is what the machine has", () => {
  const machine = { ...MACHINE, ipv6Loopback: false };
  assert.deepEqual(configOf(NODE, {}, machine).ipv6, {
    enabled: true,
    loopback: false,
  });
});
