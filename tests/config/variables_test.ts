import assert from "node:assert/strict";
import { FLAGS } from "../../src/config/flags.ts";
import { VARIABLES } from "../../src/config/variables.ts";
import { at, configOf, MACHINE, nodeWith, refuses } from "./support.ts";

type Row = [variable: string, value: string, path: string, want: unknown];

const PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----";

const rows: Row[] = [
  ["LOCAL_XDS", "a: 1", "localXds", { kind: "inline", text: "a: 1" }],
  ["LOCAL_XDS_PATH", "x", "localXds", { kind: "file", path: "x" }],
  ["HAIRPIN_KUBE", "/k", "kube", { kind: "kubeconfig", path: "/k" }],
  ["XDS_ADDRESS", "i:1", "xds.address", "https://i:1"],
  ["NODE_NAME", "n", "nodeName", "n"],
  ["HAIRPIN_REDIRECT", "none", "redirect", "none"],
  ["INPOD_UDS", "/u", "inpodUds", "/u"],
  ["HAIRPIN_HOST_PROC", "/p", "hostProc", "/p"],
  ["HAIRPIN_CNI_SOCKET", "/c", "cni.socket", "/c"],
  ["CNI_NET_DIR", "/n", "cni.install.netDir", "/n"],
  ["HAIRPIN_OPEN_CONNECTIONS", "reset", "nodeSide.openConnections", "reset"],
  [
    "HAIRPIN_REDIRECT_BACKEND",
    "nftables",
    "nodeSide.redirectBackend",
    "nftables",
  ],
  ["NATIVE_NFTABLES", "true", "nodeSide.redirectBackend", "nftables"],
  [
    "FORCE_IPTABLES_BINARY",
    "legacy",
    "nodeSide.redirectBackend",
    "iptables-legacy",
  ],
  ["FORCE_IPTABLES_BINARY", "nft", "nodeSide.redirectBackend", "iptables-nft"],
  [
    "AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE",
    "false",
    "nodeSide.awsBranchEni",
    false,
  ],
  ["HAIRPIN_WAYPOINT_BYPASS", "reject", "waypointBypass", "reject"],
  ["HAIRPIN_WAYPOINT_UNREACHABLE", "open", "waypointUnreachable", "open"],
  ["HAIRPIN_NODE_LOCAL_LANE", "off", "nodeLocalLane", false],
  ["HAIRPIN_KERNEL_LANE", "off", "kernelLane", "off"],
  ["ZTUNNEL_WORKER_THREADS", "3", "workers", 3],
  ["ZTUNNEL_RESOURCE_CPU_LIMIT", "1500m", "workers", 2],
  ["ZTUNNEL_RESOURCE_CPU_REQUEST", "4", "workers", 4],
  ["ZTUNNEL_CPU_LIMIT", "16", "workers", 4],
  ["ADMIN_PORT", "1", "admin", { host: "127.0.0.1", port: 1 }],
  ["STATS_PORT", "2", "stats", { host: "::", port: 2 }],
  ["READINESS_PORT", "3", "readiness", { host: "::", port: 3 }],
  ["TRUST_DOMAIN", "td", "trustDomain", "td"],
  ["CLUSTER_DOMAIN", "cd", "clusterDomain", "cd"],
  ["CLUSTER_ID", "c", "clusterId", "c"],
  ["ISTIO_META_CLUSTER_ID", "c", "clusterId", "c"],
  ["NETWORK", "n", "network", "n"],
  ["RUST_LOG", "warn", "log.filter", "warn"],
  ["LOG_FORMAT", "json", "log.format", "json"],
  ["PROXY_MODE", "dedicated", "proxyMode", "dedicated"],
  ["PROXY_WORKLOAD_INFO", "a/b/c", "dedicatedWorkload", {
    namespace: "a",
    name: "b",
    serviceAccount: "c",
  }],
  ["ENABLE_PROXY", "false", "proxyEnabled", false],
  ["XDS_ROOT_CA", "SYSTEM", "xds.roots", { kind: "system" }],
  ["XDS_ROOT_CA", PEM, "xds.roots", { kind: "inline", pem: PEM }],
  ["ALT_XDS_HOSTNAME", "h", "xds.alternativeHostname", "h"],
  ["XDS_HEADER_Header_Foo", "foo", "xds.headers", { header_foo: "foo" }],
  ["XDS_ON_DEMAND", "true", "xds.onDemand", true],
  ["CA_ROOT_CA", "SYSTEM", "ca.server.roots", { kind: "system" }],
  ["ALT_CA_HOSTNAME", "h", "ca.server.alternativeHostname", "h"],
  ["CA_HEADER_X", "", "ca.server.headers", { x: "" }],
  ["FAKE_CA", "true", "ca", { kind: "fake" }],
  ["SECRET_TTL", "1h", "secretTtlMs", 3_600_000],
  ["AUTH_TOKEN", "t", "authToken", { kind: "static", token: "t" }],
  ["PREFERED_SERVICE_NAMESPACE", "p", "dns.preferredNamespace", "p"],
  ["INPOD_PORT_REUSE", "false", "inpodPortReuse", false],
  ["PACKET_MARK", "4294967295", "packetMark", 4_294_967_295],
  ["ENABLE_ORIG_SRC", "true", "requireOriginalSource", true],
  ["ENABLE_ORIG_SRC", "false", "requireOriginalSource", false],
  ["IPV6_ENABLED", "false", "ipv6", { enabled: false, loopback: false }],
  ["IPV6_ENABLED", "false", "stats.host", "0.0.0.0"],
  ["KEEPALIVE_ENABLED", "false", "keepalive.enabled", false],
  ["KEEPALIVE_TIME", "1m30s", "keepalive.timeMs", 90_000],
  ["KEEPALIVE_INTERVAL", "5", "keepalive.intervalMs", 5_000],
  ["KEEPALIVE_RETRIES", "1", "keepalive.retries", 1],
  ["USER_TIMEOUT_ENABLED", "true", "userTimeoutMs", 1_800_000],
  ["HTTP2_STREAM_WINDOW_SIZE", "1", "http2.streamWindow", 1],
  ["HTTP2_CONNECTION_WINDOW_SIZE", "65535", "http2.connectionWindow", 65_535],
  ["HTTP2_FRAME_SIZE", "16384", "http2.frameSize", 16_384],
  ["POOL_MAX_STREAMS_PER_CONNECTION", "5", "pool.streamsPerConnectionMax", 5],
  ["POOL_UNUSED_RELEASE_TIMEOUT", "500ms", "pool.unusedReleaseMs", 500],
  ["CONNECTION_TERMINATION_DEADLINE", "0", "drainMs", 0],
  ["TERMINATION_GRACE_PERIOD_SECONDS", "30", "drainMs", 25_000],
  ["TERMINATION_GRACE_PERIOD_SECONDS", "11", "drainMs", 6_000],
  ["TERMINATION_GRACE_PERIOD_SECONDS", "10", "drainMs", 9_000],
  ["TERMINATION_GRACE_PERIOD_SECONDS", "0", "drainMs", 1_000],
  ["UNSTABLE_ENABLE_SOCKS5", "true", "socks5", true],
  ["LOCALHOST_APP_TUNNEL", "false", "localhostAppTunnel", false],
  ["ENABLE_RESPONSE_BAGGAGE", "false", "responseBaggage", false],
  ["CRL_PATH", "/crl", "crlPath", "/crl"],
  ["COMPLIANCE_POLICY", "pqc", "compliancePolicy", "pqc"],
  ["TLS12_ENABLED", "true", "tls12", true],
  ["TLS12_ENABLED", "1", "tls12", false],
  ["AUTHZ_POLICY_INFO_LOGGING", "true", "authzInfoLogging", true],
  ["AUTHZ_POLICY_INFO_LOGGING", "yes", "authzInfoLogging", false],
  ["POD_NAME", "p", "pod.name", "p"],
  ["POD_NAMESPACE", "p", "pod.namespace", "p"],
  ["SERVICE_ACCOUNT", "p", "pod.serviceAccount", "p"],
  ["INSTANCE_IP", "fd00::1", "pod.ip", "fd00::1"],
  ["ISTIO_META_ISTIO_VERSION", "1.30", "istioVersion", "1.30"],
  ["ISTIO_META_DNS_CAPTURE", "TRUE", "dns.capture", true],
  ["ISTIO_META_DNS_CAPTURE", "no", "dns.capture", false],
  ["HAIRPIN_RESOLV_CONF", "/r", "dns.resolvConf", "/r"],
  ["ISTIO_META_DNS_PROXY_ADDR", "127.0.0.1:53", "dns.listen", {
    host: "127.0.0.1",
    port: 53,
  }],
  ["ISTIO_METAJSON_L", '{"a":1}', "proxyMetadataJson", { L: { a: 1 } }],
  ["PROXY_CONFIG", '{"concurrency":5}', "workers", 5],
];

/** What a setting needs beside it to count. */
const BESIDE: [prefix: RegExp, args: string[], variables: object][] = [
  [/^XDS_ON_DEMAND/, ["--ca-dir", "ca"], {
    XDS_ADDRESS: "i:1",
    ISTIO_META_DNS_CAPTURE: "false",
  }],
  [/^(XDS_|ALT_XDS)/, ["--ca-dir", "ca"], { XDS_ADDRESS: "i:1" }],
  [/^(CA_|ALT_CA)/, ["--config", "m"], { CA_ADDRESS: "c:1" }],
  [/^FAKE_CA/, ["--config", "m"], {}],
  [/^PROXY_MODE/, ["--config", "m", "--ca-dir", "c"], {
    PROXY_WORKLOAD_INFO: "a/b/c",
  }],
  [/^ENABLE_PROXY/, ["--config", "m", "--ca-dir", "c"], {
    ISTIO_META_DNS_CAPTURE: "true",
  }],
  [/^/, ["--config", "m", "--ca-dir", "c"], {}],
];

for (const [variable, value, path, want] of rows) {
  Deno.test(`${variable}=${value.slice(0, 40)} sets ${path}`, () => {
    const [, args, beside] = BESIDE.find(([shape]) => shape.test(variable))!;
    const config = configOf(["--mode", "node", ...args], {
      ...beside,
      [variable]: value,
    });
    assert.deepEqual(at(config, path), want);
  });
}

Deno.test("variables that choose what runs are read too", () => {
  const config = configOf([], {
    HAIRPIN_MODE: "waypoint",
    HAIRPIN_GATEWAY: "shop/wp",
    HAIRPIN_CONFIG: "a:b",
    HAIRPIN_CA_DIR: "/ca",
  });
  assert.equal(config.mode, "waypoint");
  assert.deepEqual(config.gateway, { namespace: "shop", name: "wp" });
  assert.deepEqual(config.configPaths, ["a", "b"]);
  assert.deepEqual(config.ca, { kind: "embedded", dir: "/ca" });
});

Deno.test("XDS_ADDRESS set to nothing turns the cluster's default off", () => {
  const cluster = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };
  const args = ["--mode", "node", "--local-xds", "x"];
  assert.equal(
    configOf(args, cluster).xds?.address,
    "https://istiod.istio-system.svc:15012",
  );
  const emptied = { ...cluster, XDS_ADDRESS: "" };
  assert.equal(configOf(args, emptied).xds, undefined);
});

Deno.test("in a cluster, --config stands in for istiod's xDS", () => {
  const cluster = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };
  const config = configOf(["--mode", "node", "--config", "m"], cluster);
  assert.equal(config.xds, undefined);
  assert.equal(
    config.ca.kind === "remote" && config.ca.server.address,
    "https://istiod.istio-system.svc:15012",
  );
});

Deno.test("a waypoint in a cluster follows its Kubernetes API, and istiod", () => {
  const config = configOf(["--mode=waypoint", "--gateway=a/b"], {
    KUBERNETES_SERVICE_HOST: "10.0.0.1",
    KUBERNETES_SERVICE_PORT: "6443",
  });
  const server = "https://10.0.0.1:6443";
  assert.deepEqual(config.kube, { kind: "in-cluster", server });
  assert.equal(
    config.xds?.address,
    "https://istiod.istio-system.svc:15012",
  );
});

Deno.test("--kube in-cluster stands in for istiod's xDS", () => {
  const args = ["--mode=waypoint", "--gateway=a/b", "--kube=in-cluster"];
  const config = configOf(args, { KUBERNETES_SERVICE_HOST: "fd00::1" });
  const server = "https://[fd00::1]:443";
  assert.deepEqual(config.kube, { kind: "in-cluster", server });
  assert.equal(config.xds, undefined);
});

Deno.test("--kube in-cluster is refused outside a cluster", () => {
  refuses(
    'flag --kube "in-cluster" wants KUBERNETES_SERVICE_HOST, which Kubernetes sets in a pod',
    ["--mode=node", "--ca-dir=c", "--kube=in-cluster"],
  );
});

Deno.test("FAKE_CA makes CA_ADDRESS of no account", () => {
  const { ca } = configOf(["--mode", "node", "--config", "m"], {
    FAKE_CA: "true",
    CA_ADDRESS: "c:1",
  });
  assert.deepEqual(ca, { kind: "fake" });
});

Deno.test("a path that exists names a file of roots and of a token", () => {
  const machine = { ...MACHINE, fileExists: () => true };
  const variables = { XDS_ADDRESS: "i:1", XDS_ROOT_CA: "/r", AUTH_TOKEN: "/t" };
  const config = nodeWith(variables, machine);
  assert.deepEqual(config.xds?.roots, { kind: "file", path: "/r" });
  assert.deepEqual(config.authToken, { kind: "file", path: "/t" });
  assert.deepEqual(nodeWith({}, machine).authToken, {
    kind: "file",
    path: "./var/run/secrets/tokens/istio-token",
  });
});

Deno.test("a text that no path can be is not looked for", () => {
  const machine = {
    ...MACHINE,
    fileExists: (path: string) => {
      assert.ok(path.length < 256, "the kernel would refuse this path");
      return false;
    },
  };
  const token = "x".repeat(256);
  const config = nodeWith({ AUTH_TOKEN: token }, machine);
  assert.deepEqual(config.authToken, { kind: "static", token });
});

Deno.test("JSON metadata that does not parse is skipped with a warning", () => {
  const config = nodeWith({ ISTIO_METAJSON_A: "{", ISTIO_METAJSON_B: "[1]" });
  assert.deepEqual(config.proxyMetadataJson, { B: [1] });
  assert.equal(config.warnings.length, 1);
  assert.match(config.warnings[0]!, /^skipped variable ISTIO_METAJSON_A: /);
});

Deno.test("a misspelt HAIRPIN_ variable gives a warning, a service link none", () => {
  const config = nodeWith({
    HAIRPIN_WAYPOINT_BYPAS: "reject",
    HAIRPIN_SERVICE_HOST: "10.0.0.1",
    HAIRPIN_PORT_80_TCP: "x",
    HAIRPIN_TEST_TOOLS: "x",
  });
  assert.deepEqual(config.warnings, [
    "unknown variable HAIRPIN_WAYPOINT_BYPAS: it is not read",
  ]);
});

Deno.test("an empty variable counts as not set", () => {
  const names = [...rows.map(([name]) => name)]
    .filter((name) => !/^(XDS|CA)_HEADER|^ISTIO_META/.test(name));
  const empty = Object.fromEntries(names.map((name) => [name, ""]));
  assert.deepEqual(nodeWith(empty), nodeWith({}));
});

Deno.test("every documented variable is proved by a test of this file", () => {
  const elsewhere = [
    "CNI_COMMAND",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "HAIRPIN_MODE",
    "HAIRPIN_GATEWAY",
    "HAIRPIN_CONFIG",
    "HAIRPIN_CA_DIR",
    "CA_ADDRESS",
    "CNI_BIN_DIR",
    "CNI_CONF_NAME",
    "HAIRPIN_CNI_AT_END",
    "HAIRPIN_CNI_OWN_CONF",
    "HAIRPIN_NODE_TAINT",
    "HAIRPIN_REPAIR_PODS",
    // deployer_test.ts
    "HAIRPIN_IMAGE",
    "HAIRPIN_IMAGE_PULL_POLICY",
    "HAIRPIN_CA_SECRET",
  ];
  const tested = [...elsewhere, ...rows.map(([name]) => name)];
  const proved = (name: string) =>
    tested.some((t) =>
      name.endsWith("*") ? t.startsWith(name.slice(0, -1)) : t === name
    );
  const documented = [
    ...VARIABLES.map((row) => row.name),
    ...FLAGS.flatMap((flag) => "variable" in flag ? [flag.variable] : []),
  ];
  assert.deepEqual(documented.filter((name) => !proved(name)), []);
});

Deno.test("every variable that is read is documented", () => {
  const asked = new Set<string>();
  const watched = new Proxy({}, {
    get: (_, name) => void asked.add(String(name)),
  });
  configOf(["--mode", "node", "--config", "m", "--ca-address", "c"], watched);
  configOf(["--mode", "node", "--xds-address", "x", "--ca-dir", "c"], watched);
  const documented = new Set<string>([
    ...VARIABLES.map((row) => row.name),
    ...FLAGS.flatMap((flag) => "variable" in flag ? [flag.variable] : []),
  ]);
  assert.deepEqual([...asked].filter((name) => !documented.has(name)), []);
  assert.ok(asked.has("KEEPALIVE_TIME"));
});

Deno.test("HAIRPIN_NODE_TAINT stands for --node-taint", () => {
  const { nodeSide } = nodeWith({
    HAIRPIN_KUBE: "/k",
    HAIRPIN_NODE_TAINT: "a",
  });
  assert.equal(nodeSide.taint, "a");
});

Deno.test("HAIRPIN_CNI_AT_END auto goes with the pod's name", () => {
  const { cni } = nodeWith({
    HAIRPIN_KUBE: "/k",
    CNI_NET_DIR: "/n",
    HAIRPIN_CNI_AT_END: "auto",
    POD_NAME: "a",
    POD_NAMESPACE: "b",
  });
  assert.equal(cni?.install?.atEnd, "auto");
});

Deno.test("HAIRPIN_REPAIR_PODS stands for --repair-pods", () => {
  const variables = { HAIRPIN_KUBE: "/k", HAIRPIN_REPAIR_PODS: "label" };
  assert.equal(nodeWith(variables).nodeSide.repair, "label");
});

Deno.test("the variables of the CNI plugin's installation go together", () => {
  const { cni } = nodeWith({
    CNI_NET_DIR: "/n",
    CNI_BIN_DIR: "/b",
    CNI_CONF_NAME: "a",
    HAIRPIN_CNI_OWN_CONF: "02-a.conflist",
    HAIRPIN_CNI_AT_END: "remove",
  });
  assert.deepEqual(cni?.install, {
    netDir: "/n",
    binDir: "/b",
    confName: "a",
    ownConf: "02-a.conflist",
    atEnd: "remove",
  });
});
