/** `hairpin check` of pods: each thing broken for itself in a real namespace. */
import assert from "node:assert/strict";
import type { Level } from "../../src/modes/check/finding.ts";
import { inNamespace, must } from "../lab/mod.ts";
import { checkPod, runCheckAt } from "./check_support.ts";
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
    "listeners",
    "mTLS on 15008",
    "DNS capture",
    "probes from the node",
  ]);
});

interface Break {
  readonly what: string;
  readonly where: "pod" | "node";
  readonly break: string;
  readonly mend: string;
  readonly finds: Readonly<Record<string, [level: Level, found: RegExp]>>;
}

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
    finds: { rules: ["failed", /both iptables backends/] },
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
    finds: { routing: ["failed", /fwmark 0x111.* is missing/] },
  },
  {
    what: "DNS that goes nowhere",
    where: "pod",
    break: "iptables-nft -I OUTPUT -p udp --dport 15053 -j DROP",
    mend: "iptables-nft -D OUTPUT -p udp --dport 15053 -j DROP",
    finds: { "DNS capture": ["failed", /not answered/] },
  },
  {
    what: "a translation before the probes'",
    where: "node",
    break: "iptables-nft -t nat -I POSTROUTING 1 -p tcp -j ACCEPT",
    mend: "iptables-nft -t nat -D POSTROUTING -p tcp -j ACCEPT",
    finds: { "probes from the node": ["failed", /by the proxy only/] },
  },
];
for (const row of BREAKS) {
  meshTest(`check finds ${row.what}`, async (mesh) => {
    const place = row.where === "pod" ? mesh.httpbin : mesh.server.place;
    const sh = (script: string) =>
      must(inNamespace(place.netns, ["sh", "-ec", script]));
    await sh(row.break);
    try {
      const { code, findings } = await checkPod(
        mesh,
        mesh.server,
        mesh.httpbin,
      );
      for (const [check, [level, found]] of Object.entries(row.finds)) {
        const finding = findings.find((one) => one.check === check);
        assert.equal(finding?.level, level, JSON.stringify(findings));
        assert.match(finding?.found ?? "", found);
        assert.ok(finding?.hint);
      }
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
      /^failed .*leftover rules: redirection by nft, .*hint/m,
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
