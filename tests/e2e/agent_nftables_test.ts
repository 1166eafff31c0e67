/** Pods whose rules Istio's node agent has written by native nftables. */
import assert from "node:assert/strict";
import { type RedirectRequest, runRedirect } from "../../src/redirect/mod.ts";
import { greetingOf, inNamespace, type LabPod, must } from "../lab/mod.ts";
import { AgentMesh, agentTest } from "./agent_support.ts";

/** As the lab's agent is set. */
const redirect = (
  pod: LabPod,
  action: RedirectRequest["action"],
  backend?: RedirectRequest["backend"],
) =>
  runRedirect({
    action,
    netns: `/var/run/netns/${pod.netns}`,
    dryRun: false,
    ipv6: true,
    dnsCapture: false,
    ...backend && { backend },
  });

agentTest(
  "rules of an agent that writes nftables are known and adopted",
  async () => {
    await using mesh = await AgentMesh.build();
    const at = mesh.at("node-1");
    await at.agent.start({ NATIVE_NFTABLES: "true" });
    await mesh.startProxy(at);
    const sleep = await mesh.addPod("sleep", "node-1");
    const httpbin = await mesh.addPod("httpbin", "node-1");
    await mesh.serve(httpbin);
    const path = `/var/run/netns/${httpbin.netns}`;
    const rules = () =>
      must(inNamespace(httpbin.netns, ["nft", "-a", "-s", "list", "ruleset"]));
    const written = await rules();
    assert.match(written, /^table inet istio-ambient-nat /m);
    assert.deepEqual(await redirect(httpbin, "verify"), {
      exitCode: 0,
      lines: [`redirection in ${path} is as planned, by nftables`],
    });
    const { lines } = await redirect(httpbin, "apply", "nftables");
    assert.equal(lines[0], `redirection adopted in ${path}, by nftables`);
    assert.equal(await rules(), written);
    const works = async () =>
      (await mesh.get(sleep, httpbin)).stdout.trim() === greetingOf(httpbin);
    assert.ok(await works());
    await redirect(httpbin, "apply", "iptables-nft");
    assert.doesNotMatch(await rules(), /istio-ambient/);
    assert.ok(await works());
    await redirect(httpbin, "apply", "nftables");
    assert.ok(await works());
    assert.equal((await redirect(httpbin, "remove")).exitCode, 0);
    assert.doesNotMatch(await rules(), /istio/i);
  },
);
