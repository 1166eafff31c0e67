/** `hairpin check` of pods and a node whose rules nftables holds. */
import assert from "node:assert/strict";
import { inNamespace, must } from "../lab/mod.ts";
import { assertFinds, checkPod, type Expected } from "./check_support.ts";
import { shareMesh } from "./support.ts";

const meshTest = shareMesh({ flags: ["--redirect-backend", "nftables"] });

meshTest("a pod with rules of nftables has nothing wrong", async (mesh) => {
  const { code, findings } = await checkPod(mesh, mesh.server, mesh.httpbin);
  assertFinds(findings, {});
  assert.equal(code, 0);
  const found = (check: string) =>
    findings.find((one) => one.check === check)?.found;
  assert.equal(found("rules"), "as planned, by nftables");
  assert.match(found("probe rules") ?? "", /^4 addresses/);
  assert.match(found("DNS capture") ?? "", /answered by the proxy/);
});

interface Break {
  readonly what: string;
  readonly where: "pod" | "node";
  /** Of nft; SET stands for the set of the node's probe rules, IP for the pod's address. */
  readonly break: string;
  readonly finds: Expected;
}

const BREAKS: readonly Break[] = [
  {
    what: "a rule too many",
    where: "pod",
    break: "add rule inet istio-ambient-nat istio-output tcp dport 9 accept",
    finds: { rules: ["failed", /tcp dport 9/] },
  },
  {
    what: "a chain that is emptied",
    where: "pod",
    break: "flush chain inet istio-ambient-mangle istio-output",
    finds: {
      rules: ["failed", /istio-ambient-mangle/],
      // Answers of the application to its client's own address find nobody.
      "policy effect": ["failed", /allowed .*, and silent$/],
    },
  },
  {
    what: "DNS that is not led anywhere any more",
    where: "pod",
    break: "delete table inet istio-ambient-raw",
    finds: { rules: ["failed", /istio-ambient-raw/] },
  },
  {
    what: "a pod without a probe rule",
    where: "node",
    break: "delete element SET { IP }",
    finds: {
      "probe rules": ["failed", /none for default\/httpbin \(10\./],
      "probes from the node": ["failed", /by the proxy only/],
    },
  },
];
for (const row of BREAKS) {
  meshTest(`check finds ${row.what} in nftables`, async (mesh) => {
    const { lab, httpbin, server } = mesh;
    const { netns } = row.where === "pod" ? httpbin : server.place;
    const nft = (...args: readonly string[]) =>
      must(inNamespace(netns, ["nft", ...args]));
    const kept = `${lab.folder}/ruleset`;
    const ruleset = await nft("list", "ruleset");
    await Deno.writeTextFile(kept, `flush ruleset\n${ruleset}`);
    const table = /table (inet hairpin-\S+) \{/.exec(ruleset)?.[1];
    const text = row.break
      .replace("SET", `${table} istio-inpod-probes-v4`)
      .replace("IP", httpbin.ips[0] ?? "");
    await nft(text);
    try {
      const { code, findings } = await checkPod(mesh, server, httpbin);
      assertFinds(findings, row.finds);
      assert.equal(code, 1);
    } finally {
      await nft("-f", kept);
    }
  });
}
