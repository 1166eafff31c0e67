/** `hairpin check` of pods: each thing broken for itself in a real namespace. */
import assert from "node:assert/strict";
import { inNamespace, must } from "../lab/mod.ts";
import {
  assertFinds,
  checkPod,
  type Expected,
  runCheckAt,
} from "./check_support.ts";
import { shareMesh } from "./support.ts";

const meshTest = shareMesh();

meshTest("a pod that is served has nothing wrong", async (mesh) => {
  const { code, findings } = await checkPod(mesh, mesh.server, mesh.httpbin);
  assert.deepEqual(findings.filter(({ level }) => level !== "ok"), []);
  assert.equal(code, 0);
  const checks = findings.filter(({ subject }) => subject !== "node")
    .map(({ check }) => check);
  assert.deepEqual(checks, [
    "rules",
    "foreign rules",
    "routing",
    "IPv6",
    "listeners",
    "mTLS on 15008",
    "DNS capture",
    "probes from the node",
    "open connections",
    "policy effect",
    "access line",
    "connection counts",
  ]);
});

interface Break {
  readonly what: string;
  readonly where: "pod" | "node";
  /** With LAB, a folder, and IP, the pod's. */
  readonly break: string;
  readonly mend: string;
  readonly finds: Expected;
}

/** Rules of a family, kept where the pod's own file system is, which is everybody's. */
const keep = (save: string, file: string) => `${save} > "$LAB/${file}"`;
const putBack = (restore: string, file: string) =>
  `${restore} < "$LAB/${file}"`;

const BREAKS: readonly Break[] = [
  {
    what: "a rule too many",
    where: "pod",
    break: "iptables-nft -t nat -A ISTIO_OUTPUT -p tcp --dport 9 -j ACCEPT",
    mend: "iptables-nft -t nat -D ISTIO_OUTPUT -p tcp --dport 9 -j ACCEPT",
    finds: { rules: ["failed", /--dport 9 .* is not expected/] },
  },
  {
    what: "rules in the other backend, too",
    where: "pod",
    break: "iptables-legacy -t nat -N ISTIO_OUTPUT",
    mend: "iptables-legacy -t nat -X ISTIO_OUTPUT",
    finds: { rules: ["failed", /iptables-nft and iptables-legacy at once/] },
  },
  {
    what: "rules of nftables, too",
    where: "pod",
    break: "nft add table inet istio-ambient-nat",
    mend: "nft delete table inet istio-ambient-nat",
    finds: { rules: ["failed", /iptables-nft and nftables at once/] },
  },
  {
    what: "a foreign rule before the tunnel's port",
    where: "pod",
    break: "iptables-nft -I INPUT -p tcp --dport 15008 -j DROP",
    mend: "iptables-nft -D INPUT -p tcp --dport 15008 -j DROP",
    finds: {
      "foreign rules": ["failed", /--dport 15008 -j DROP/],
      "mTLS on 15008": ["failed", /deadline/],
    },
  },
  {
    what: "a foreign rule for a range of ports",
    where: "pod",
    break: "iptables-nft -I INPUT -p tcp --dport 15007:15009 -j DROP",
    mend: "iptables-nft -D INPUT -p tcp --dport 15007:15009 -j DROP",
    finds: {
      "foreign rules": ["failed", /--dport 15007:15009 -j DROP/],
      "mTLS on 15008": ["failed", /deadline/],
    },
  },
  {
    what: "what an agent cut short leaves behind",
    where: "pod",
    break: "iptables-nft -I INPUT -p udp -j DROP",
    mend: "iptables-nft -D INPUT -p udp -j DROP",
    finds: {
      "foreign rules": ["failed", /-A INPUT -p udp -j DROP/],
      "DNS capture": ["failed", /not answered/],
    },
  },
  {
    what: "a chain that drops by policy",
    where: "pod",
    break: "iptables-nft -P FORWARD DROP",
    mend: "iptables-nft -P FORWARD ACCEPT",
    finds: { "foreign rules": ["warning", /chain FORWARD drops by policy/] },
  },
  {
    what: "a routing rule that is gone",
    where: "pod",
    break: "ip rule del pref 32764",
    mend: "ip rule add fwmark 0x111/0xfff pref 32764 lookup 100",
    finds: {
      routing: ["failed", /fwmark 0x111.* is missing/],
      // Answers of the application to its client's own address find nobody.
      "policy effect": ["failed", /allowed .*, and silent$/],
    },
  },
  {
    what: "IPv6 that passes by",
    where: "pod",
    break: `${keep("ip6tables-nft-save", "v6")}; for t in nat mangle raw; do ` +
      "ip6tables-nft -t $t -F; ip6tables-nft -t $t -X; done",
    mend: putBack("ip6tables-nft-restore", "v6"),
    finds: { IPv6: ["failed", /^passes the proxy by$/] },
  },
  {
    what: "a loopback without IPv6",
    where: "pod",
    break: "sysctl -qw net.ipv6.conf.lo.disable_ipv6=1",
    mend: "sysctl -qw net.ipv6.conf.lo.disable_ipv6=0; " +
      "ip -6 route replace local ::/0 dev lo table 100",
    finds: { IPv6: ["failed", /::1, which the pod does not have/] },
  },
  {
    what: "DNS that goes nowhere",
    where: "pod",
    break: "iptables-nft -I OUTPUT -p udp --dport 15053 -j DROP",
    mend: "iptables-nft -D OUTPUT -p udp --dport 15053 -j DROP",
    finds: {
      "foreign rules": ["failed", /--dport 15053 -j DROP/],
      "DNS capture": ["failed", /not answered/],
    },
  },
  {
    what: "a translation before the probes'",
    where: "node",
    break: "iptables-nft -t nat -I POSTROUTING 1 -p tcp -j ACCEPT",
    mend: "iptables-nft -t nat -D POSTROUTING -p tcp -j ACCEPT",
    finds: {
      "probe rules": [
        "failed",
        /"-A POSTROUTING -p tcp -j ACCEPT" comes first/,
      ],
      "probes from the node": ["failed", /by the proxy only/],
    },
  },
  {
    what: "a pod without a probe rule",
    where: "node",
    break: `${keep("iptables-nft-save -t nat", "nat")}; ` +
      'iptables-nft-save -t nat | grep -v -- "-d $IP/32" | iptables-nft-restore',
    mend: putBack("iptables-nft-restore", "nat"),
    finds: {
      "probe rules": ["failed", /none for default\/httpbin \(10\./],
      "probes from the node": ["failed", /by the proxy only/],
    },
  },
  {
    what: "a translation that hides pods",
    where: "node",
    break: "iptables-nft -t nat -A POSTROUTING -s $IP/24 -j MASQUERADE",
    mend: "iptables-nft -t nat -D POSTROUTING -s $IP/24 -j MASQUERADE",
    finds: {
      "source addresses": ["failed", /is hidden from 10\..* -j MASQUERADE"/],
    },
  },
  {
    what: "a node that forwards nothing",
    where: "node",
    break: "sysctl -qw net.ipv4.ip_forward=0",
    mend: "sysctl -qw net.ipv4.ip_forward=1",
    finds: { forwarding: ["failed", /off: net\.ipv4\.ip_forward$/] },
  },
  {
    what: "metrics that nobody reaches",
    where: "node",
    break: "iptables-nft -I INPUT -p tcp --dport 15020 -j REJECT",
    mend: "iptables-nft -D INPUT -p tcp --dport 15020 -j REJECT",
    finds: { metrics: ["failed", /Cannot ask/] },
  },
  {
    what: "a readiness that nobody reaches",
    where: "node",
    break: "iptables-nft -I INPUT -p tcp --dport 15021 -j REJECT",
    mend: "iptables-nft -D INPUT -p tcp --dport 15021 -j REJECT",
    finds: { readiness: ["failed", /Cannot ask/] },
  },
];
for (const row of BREAKS) {
  meshTest(`check finds ${row.what}, and nothing else`, async (mesh) => {
    const { httpbin, server, lab } = mesh;
    const place = row.where === "pod" ? httpbin : server.place;
    const known = [`LAB=${lab.folder}`, `IP=${httpbin.ips[0]}`];
    const sh = (script: string) =>
      must(inNamespace(place.netns, ["env", ...known, "sh", "-ec", script]));
    await sh(row.break);
    try {
      const { code, findings } = await checkPod(mesh, server, httpbin);
      assertFinds(findings, row.finds);
      const fails = Object.values(row.finds).some(([l]) => l === "failed");
      assert.equal(code, fails ? 1 : 0);
    } finally {
      await sh(row.mend);
    }
  });
}

meshTest("check finds somebody else on a port of the proxy", async (mesh) => {
  const listen = `Deno.listen({ hostname: "0.0.0.0", port: 15006, ` +
    `reusePort: true }); console.log("listening"); setInterval(() => {}, 1e6)`;
  const stranger = mesh.lab.start(mesh.httpbin, "stranger", [
    ...[Deno.execPath(), "eval", "--unstable-net", listen],
  ]);
  try {
    await stranger.untilLog(/listening/);
    const { code, findings } = await checkPod(mesh, mesh.server, mesh.httpbin);
    const finding = findings.find(({ check }) => check === "listeners");
    assert.equal(code, 1);
    assert.match(finding?.found ?? "", /15006 is held by "deno" \(pid \d+\)/);
  } finally {
    await stranger.stop();
  }
});

meshTest("check finds what is left in a pod without proxy", async (mesh) => {
  const { outsider } = mesh.lab;
  const path = `/var/run/netns/${outsider.netns}`;
  const check = () => runCheckAt(mesh, mesh.server, "--netns", path);
  assert.match((await check()).stdout, /^ok .*leftover rules: none$/m);
  const chain = (flag: string) =>
    must(inNamespace(outsider.netns, [
      ...["iptables-nft", "-t", "nat", flag, "ISTIO_OUTPUT"],
    ]));
  await chain("-N");
  try {
    const { code, stdout } = await check();
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^failed .*leftover rules: redirection by iptables-nft, .*hint/m,
    );
  } finally {
    await chain("-X");
  }
});

meshTest("check changes no rule", async (mesh) => {
  const dump = (place: { netns: string }) =>
    must(inNamespace(place.netns, ["nft", "-s", "list", "ruleset"]));
  const places = [mesh.httpbin, mesh.server.place];
  const before = await Promise.all(places.map(dump));
  await checkPod(mesh, mesh.server, mesh.httpbin);
  assert.deepEqual(await Promise.all(places.map(dump)), before);
});
