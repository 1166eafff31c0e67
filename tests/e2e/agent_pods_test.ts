/** Pods that Istio's node agent and CNI plugin hand over to hairpin. */
import assert from "node:assert/strict";
import { greetingOf, inNamespace, type LabPod, must } from "../lab/mod.ts";
import { type AgentMesh, shareAgentMesh } from "./agent_support.ts";
import { identityOf } from "./calls.ts";
import { descriptorsOf } from "./descriptors.ts";
import { eventually } from "./support.ts";

const meshTest = shareAgentMesh(2);

const ROUNDS = 10;
const PODS_A_ROUND = ["r1", "r2", "r3", "r4", "r5"];

meshTest("pods that the agent hands over talk by HBONE", async (mesh) => {
  const [sleep, httpbin] = await addPair(mesh);
  assert.equal(await mesh.redirectionOf(httpbin), "enabled");
  const reply = await mesh.get(sleep, httpbin);
  assert.equal(reply.stdout, greeted(httpbin), reply.stderr);
  const { fields } = await mesh.proxy("node-2").untilAccess(
    "the request, inbound",
    (line) => line.fields["direction"] === "inbound",
  );
  assert.equal(fields["src.identity"], identityOf(sleep));
  assert.equal(fields["dst.identity"], identityOf(httpbin));
  assert.equal(fields["dst.addr"], `${httpbin.ips[0]}:15008`);
});

meshTest(
  "a pod that is labelled out of the mesh is let go of, and enrolled again",
  async (mesh) => {
    const [sleep, httpbin] = await addPair(mesh);
    const out = { app: "httpbin", "istio.io/dataplane-mode": "none" };
    await mesh.register({ ...httpbin, labels: out });
    await mesh.lab.applyPod({ ...httpbin, labels: out });
    await untilGone(mesh, httpbin);
    assert.doesNotMatch(
      await must(inNamespace(httpbin.netns, ["iptables-save"])),
      /ISTIO_/,
    );
    await eventually(
      "plaintext",
      async () => (await mesh.get(sleep, httpbin)).stdout === greeted(httpbin),
    );
    assert.equal(await mesh.redirectionOf(httpbin), undefined);

    await mesh.plane.delete("pod", httpbin.name);
    const back = await mesh.register(httpbin);
    assert.notEqual(back.uid, httpbin.uid);
    await mesh.lab.applyPod(back);
    await mesh.enrol(back);
    assert.equal((await mesh.get(sleep, back)).stdout, greeted(back));
    assert.ok(await mesh.proxy("node-2").isReady());
  },
);

meshTest(
  "a pod that comes back in another network namespace under its uid is served there",
  async (mesh) => {
    const { lab, plane } = mesh;
    const [sleep] = await addPair(mesh);
    const first = await mesh.addPod("moved", "node-2");
    assert.ok((await listeningPorts(first)).includes(15008));
    const { netns, ips } = await lab.addPod({ name: "new", node: "node-2" });
    await lab.delete("pod-default-new");
    const second = await mesh.register({ ...first, netns, ips });
    assert.equal(second.uid, first.uid);
    await lab.applyPod(second);
    await mesh.serve(second);
    await mesh.enrol(second);
    assert.deepEqual(await listeningPorts(first), []);
    await mesh.proxy("node-1").untilDump(
      "its new address known",
      ({ workloads }) =>
        workloads.some(({ name, workloadIps }) =>
          name === "moved" && workloadIps.includes(ips[0]!)
        ),
    );
    const reply = await mesh.get(sleep, second);
    assert.equal(reply.stdout, greeted(second), reply.stderr);
    await plane.delete("pod", "moved");
    await untilGone(mesh, second);
  },
);

meshTest(
  "pods that come and go leave no descriptor behind",
  async (mesh) => {
    const proxy = mesh.proxy("node-1");
    const pods = await Promise.all(
      PODS_A_ROUND.map((name) => mesh.lab.addPod({ name, node: "node-1" })),
    );
    const round = async () => {
      const added = await Promise.all(pods.map((pod) => mesh.register(pod)));
      await Promise.all(
        added.map((pod) => mesh.at("node-1").agent.cni("ADD", pod)),
      );
      for (const pod of added) await proxy.untilPodUp(pod);
      await mesh.plane.kubectl([
        ...["delete", "pod", ...PODS_A_ROUND],
        ...["--grace-period=0", "--force"],
      ]);
      for (const pod of added) await untilGone(mesh, pod);
    };
    await round();
    const before = descriptorsOf(proxy);
    for (let at = 0; at < ROUNDS; at++) await round();
    await eventually(
      `${before} descriptors again, found ${descriptorsOf(proxy)}`,
      () => Promise.resolve(descriptorsOf(proxy) <= before),
    );
    for (const pod of pods) await mesh.lab.removePod(pod);
  },
);

/** A client on the one node and a server on the other, enrolled. */
async function addPair(mesh: AgentMesh): Promise<[LabPod, LabPod]> {
  const { lab } = mesh;
  const known = lab.pods.filter(({ name }) => PAIR.includes(name));
  if (known.length === PAIR.length) return [known[0]!, known[1]!];
  const sleep = await mesh.addPod("sleep", "node-1");
  const httpbin = await mesh.addPod("httpbin", "node-2");
  await mesh.serve(httpbin);
  return [sleep, httpbin];
}

const PAIR = ["sleep", "httpbin"];

const greeted = (pod: LabPod) => `${greetingOf(pod)}\n`;

function untilGone(mesh: AgentMesh, pod: LabPod): Promise<void> {
  return mesh.proxy(pod.node).untilDump(
    `${pod.name} gone`,
    (dump) => dump.workloadState[pod.uid] === undefined,
  );
}

/** Ports of hairpin's that somebody listens on in a pod. */
async function listeningPorts({ netns }: LabPod): Promise<number[]> {
  const text = await must(inNamespace(netns, ["ss", "-Hltn"]));
  const ports = [...text.matchAll(/:(150\d\d)\s/g)].map(([, port]) => port);
  return [...new Set(ports.map(Number))].sort();
}
