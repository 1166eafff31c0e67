import assert from "node:assert/strict";
import { FLAGS } from "../../src/config/flags.ts";
import { at, configOf, nodeFlags } from "./support.ts";

const WAYPOINT = ["--mode", "waypoint", "--gateway", "shop/wp"];

const rows: [flag: string, value: string, path: string, want: unknown][] = [
  ["local-xds", "x.yaml", "localXds", { kind: "file", path: "x.yaml" }],
  ["kube", "/k", "kube", { kind: "kubeconfig", path: "/k" }],
  ["xds-address", "istiod:15012", "xds.address", "https://istiod:15012"],
  ["xds-address", "https://i.svc", "xds.address", "https://i.svc:443"],
  ["node-name", "node-1", "nodeName", "node-1"],
  ["redirect", "agent", "redirect", "agent"],
  ["redirect", "self", "redirect", "self"],
  ["redirect", "node", "redirect", "node"],
  ["redirect", "none", "redirect", "none"],
  ["inpod-uds", "/run/z.sock", "inpodUds", "/run/z.sock"],
  ["host-proc", "/host/proc", "hostProc", "/host/proc"],
  ["cni-socket", "/run/c.sock", "cni.socket", "/run/c.sock"],
  ["cni-net-dir", "/n", "cni.install.netDir", "/n"],
  ["open-connections", "reset", "nodeSide.openConnections", "reset"],
  [
    "redirect-backend",
    "iptables-nft",
    "nodeSide.redirectBackend",
    "iptables-nft",
  ],
  ["waypoint-bypass", "hairpin", "waypointBypass", "hairpin"],
  ["waypoint-bypass", "reject", "waypointBypass", "reject"],
  ["waypoint-bypass", "observe", "waypointBypass", "observe"],
  ["waypoint-unreachable", "fail", "waypointUnreachable", "fail"],
  ["waypoint-unreachable", "open", "waypointUnreachable", "open"],
  ["node-local-lane", "on", "nodeLocalLane", true],
  ["node-local-lane", "off", "nodeLocalLane", false],
  ["kernel-lane", "on", "kernelLane", "on"],
  ["kernel-lane", "off", "kernelLane", "off"],
  ["workers", "7", "workers", 7],
  ["admin", "[::1]:1", "admin", { host: "::1", port: 1 }],
  ["admin", "localhost:1", "admin", { host: "localhost", port: 1 }],
  ["stats", "10.0.0.1:0", "stats", { host: "10.0.0.1", port: 0 }],
  ["readiness", "[fd00::1]:9", "readiness", { host: "fd00::1", port: 9 }],
  ["trust-domain", "td", "trustDomain", "td"],
  ["cluster-domain", "cd", "clusterDomain", "cd"],
  ["resolv-conf", "/r", "dns.resolvConf", "/r"],
  ["cluster-id", "c1", "clusterId", "c1"],
  ["network", "n1", "network", "n1"],
  ["log-level", "info,access=debug", "log.filter", "info,access=debug"],
  ["log-format", "json", "log.format", "json"],
];
for (const [flag, value, path, want] of rows) {
  Deno.test(`--${flag} ${value} sets ${path}`, () => {
    assert.deepEqual(at(nodeFlags(`--${flag}`, value), path), want);
    assert.deepEqual(at(nodeFlags(`--${flag}=${value}`), path), want);
  });
}

Deno.test("--config may be repeated and keeps its order", () => {
  assert.deepEqual(nodeFlags("--config=b", "--config", "a").configPaths, [
    "mesh",
    "b",
    "a",
  ]);
});

Deno.test("--mode waypoint takes its gateway", () => {
  const config = configOf([...WAYPOINT, "--config", "mesh", "--ca-dir", "ca"]);
  assert.equal(config.mode, "waypoint");
  assert.deepEqual(config.gateway, { namespace: "shop", name: "wp" });
});

Deno.test("--ca-dir names the embedded authority", () => {
  const config = configOf(["--mode=node", "--config=mesh", "--ca-dir=/ca"]);
  assert.deepEqual(config.ca, { kind: "embedded", dir: "/ca" });
});

Deno.test("--ca-address names a remote authority", () => {
  const { ca } = configOf(["--mode=node", "--config=m", "--ca-address=c:1"]);
  assert.deepEqual(ca, {
    kind: "remote",
    server: {
      address: "https://c:1",
      roots: { kind: "file", path: "./var/run/secrets/istio/root-cert.pem" },
      alternativeHostname: undefined,
      headers: {},
    },
  });
});

Deno.test("proxy and proxy ztunnel mean node mode", () => {
  const flags = ["--config", "mesh", "--ca-dir", "ca"];
  assert.equal(configOf(["proxy", "ztunnel", ...flags]).mode, "node");
  assert.equal(configOf([...flags, "proxy"]).mode, "node");
});

/** They mean something beside --cni-net-dir alone. */
const CNI = ["cni-bin-dir", "cni-conf-name", "cni-own-conf", "cni-at-end"];

Deno.test("--cni-net-dir installs the plugin as the flags beside it say", () => {
  assert.deepEqual(nodeFlags("--cni-net-dir=/n").cni, {
    socket: "/var/run/hairpin/cni.sock",
    install: {
      netDir: "/n",
      binDir: "/opt/cni/bin",
      confName: undefined,
      ownConf: undefined,
      atEnd: "keep",
    },
  });
  const all = [
    "--cni-bin-dir=/b",
    "--cni-conf-name=a",
    "--cni-own-conf=02-a.conflist",
    "--cni-at-end=remove",
  ];
  assert.deepEqual(nodeFlags("--cni-net-dir=/n", ...all).cni?.install, {
    netDir: "/n",
    binDir: "/b",
    confName: "a",
    ownConf: "02-a.conflist",
    atEnd: "remove",
  });
});

Deno.test("--node-taint names a taint beside --redirect self --kube", () => {
  const config = nodeFlags("--kube=/k", "--node-taint=cni.istio.io/not-ready");
  assert.equal(config.nodeSide.taint, "cni.istio.io/not-ready");
});

for (const action of ["mark", "label", "delete"]) {
  Deno.test(`--repair-pods ${action} says what is done to pods that are lost`, () => {
    const { nodeSide } = nodeFlags("--kube=/k", `--repair-pods=${action}`);
    assert.equal(nodeSide.repair, action);
  });
}

Deno.test("every flag of a run is proved by a test of this file", () => {
  const elsewhere = [
    "mode",
    "gateway",
    "config",
    "ca-dir",
    "ca-address",
    "node-taint",
    "repair-pods",
    ...CNI,
  ];
  const proved = new Set([...elsewhere, ...rows.map(([flag]) => flag)]);
  const missing = FLAGS
    .filter((flag) => (flag.commands as readonly string[]).includes("run"))
    .filter((flag) => "value" in flag && !proved.has(flag.name));
  assert.deepEqual(missing, []);
});

Deno.test("the flag table names no flag, letter or variable twice", () => {
  const names = FLAGS.flatMap((flag) => [
    flag.name,
    ...("short" in flag ? [flag.short] : []),
    ...("variable" in flag ? [flag.variable] : []),
  ]);
  assert.deepEqual(names, [...new Set(names)]);
});
