/** `hairpin check` of pods that are captured in the node's namespace, and of one that bypasses it. */
import assert from "node:assert/strict";
import {
  changeMesh,
  inNamespace,
  must,
  startHttpServer,
  sumSamples,
} from "../lab/mod.ts";
import { assertFinds, checkPod } from "./check_support.ts";
import { HTTP_PORT, shareMesh } from "./support.ts";

const meshTest = shareMesh({ redirect: "node" });

meshTest("pods that the node captures have nothing wrong", async (mesh) => {
  const { server, httpbin } = mesh;
  const { code, findings } = await checkPod(mesh, server, httpbin);
  assertFinds(findings, {});
  assert.equal(code, 0);
  const of = (subject: string) =>
    findings.filter((one) => one.subject === subject).map(({ check }) => check);
  assert.deepEqual(of("default/httpbin"), [
    "leftover rules",
    "open connections",
  ]);
  assert.ok(of("node").includes("node rules"));
  assert.ok(of("node").includes("node device"));
});

meshTest("check finds a pod that the node has lost", async (mesh) => {
  const { server, httpbin } = mesh;
  const at = (script: string) =>
    must(inNamespace(server.place.netns, ["sh", "-ec", script]));
  const { pid } = server.process;
  const from = server.process.log().length;
  // What is taken away is put back, but not from another process.
  Deno.kill(pid, "SIGSTOP");
  try {
    await at(
      "ip link del hairpin-node; nft delete table ip hairpin-node; " +
        "ip link add hairpin-node type veth peer name another",
    );
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
  try {
    await server.process.untilLog(/another process does by now/, { from });
    const { code, findings } = await checkPod(mesh, server, httpbin);
    assert.equal(code, 1);
    assertFinds(findings, {
      readiness: ["failed", /workload proxy manager/],
      "node rules": ["failed", /not captured: .*default\/httpbin \(10\./],
    });
  } finally {
    await at("ip link del hairpin-node");
  }
  await server.process.untilLog(/manager. complete, marking server ready/, {
    from,
  });
});

meshTest("a bypass takes a pod out of what the node captures", async (mesh) => {
  const { lab, server, proxies } = mesh;
  const pod = await lab.addPod({ name: "patient", node: "node-2" });
  await startHttpServer(lab, pod, HTTP_PORT);
  await server.untilPodUp(pod);
  const from = server.process.log().length;
  const annotations = { "hairpin.dev/bypass-capture": "true" };
  await changeMesh(
    proxies,
    "patient bypassing",
    () => lab.applyPod({ ...pod, annotations }),
  );
  try {
    const words = /pod bypasses the proxy.*name="patient"/;
    await server.process.untilLog(words, { from });
    const samples = await server.metrics();
    assert.equal(sumSamples(samples, "hairpin_capture_bypassed_pods"), 1);
    const { findings } = await checkPod(mesh, server, pod);
    assertFinds(findings, {
      "bypassed pods": ["failed", /default\/patient for ever/],
      bypass: ["failed", /for ever/],
    });
    const reply = await mesh.get(lab.outsider, mesh.urlOf(pod));
    assert.equal(reply.status, 200);
  } finally {
    await changeMesh(proxies, "patient gone", () => lab.removePod(pod));
  }
});
