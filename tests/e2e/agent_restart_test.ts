/** hairpin and Istio's node agent, each coming, going and coming back. */
import assert from "node:assert/strict";
import { greetingOf, type LabPod } from "../lab/mod.ts";
import { AgentMesh, agentTest, shareAgentMesh } from "./agent_support.ts";
import { eventually } from "./support.ts";

const meshTest = shareAgentMesh(1);

agentTest("hairpin waits for an agent that starts later", async () => {
  await using mesh = await AgentMesh.build();
  const [at] = mesh.nodes;
  const proxy = await mesh.startProxy(at!, { notReady: true });
  await proxy.process.untilLog(/failed to connect to the Istio CNI node agent/);
  assert.equal(await proxy.isReady(), false);
  await at!.agent.start();
  await proxy.untilReady();
  const pod = await mesh.addPod("early", "node-1");
  await proxy.untilPodUp(pod);
});

meshTest(
  "hairpin that is killed gets its pods back with the snapshot",
  async (mesh) => {
    const { sleep, httpbin } = await addPods(mesh);
    await mesh.killProxy("node-1");
    const reply = await mesh.get(sleep, httpbin);
    assert.notEqual(reply.code, 0, "a redirected pod without proxy is closed");
    const proxy = await mesh.startProxy(mesh.at("node-1"));
    // Ready means that the whole snapshot is served: no waiting for pods.
    await untilGreeted(mesh, sleep, httpbin);
    const { workloadState } = await proxy.configDump();
    assert.deepEqual(statesOf(workloadState), ["httpbin Up", "sleep Up"]);
  },
);

meshTest(
  "hairpin that is stopped leaves its pods to the next one",
  async (mesh) => {
    const { sleep, httpbin } = await addPods(mesh);
    const { code } = await mesh.proxy("node-1").stop();
    assert.equal(code, 0);
    await mesh.startProxy(mesh.at("node-1"));
    await untilGreeted(mesh, sleep, httpbin);
  },
);

meshTest(
  "pods are served on while their agent is away, and hairpin says that it is",
  async (mesh) => {
    const { sleep, httpbin } = await addPods(mesh);
    const { agent } = mesh.at("node-1");
    const proxy = mesh.proxy("node-1");
    const doomed = await mesh.addPod("doomed", "node-1");
    const from = proxy.process.log().length;

    await agent.stop("SIGKILL");
    await proxy.process.untilLog(
      /Task 'workload proxy manager' is pending again/,
      { from },
    );
    assert.equal(await proxy.isReady(), false);
    const greeting = `${greetingOf(httpbin)}\n`;
    assert.equal((await mesh.get(sleep, httpbin)).stdout, greeting);
    const late = await mesh.makePod("late", "node-1");
    await assert.rejects(agent.cni("ADD", late));
    await mesh.plane.delete("pod", doomed.name);

    await agent.start();
    await proxy.untilReady();
    // It knows no namespaces any more and asks for its pods to be kept.
    assert.match(proxy.process.log().slice(from), /pod keep received/);
    assert.equal((await mesh.get(sleep, httpbin)).stdout, greeting);
    const { workloadState } = await proxy.configDump();
    assert.deepEqual(statesOf(workloadState), ["httpbin Up", "sleep Up"]);
    await mesh.enrol(late);
    await mesh.plane.delete("pod", late.name);
  },
);

meshTest(
  "both killed at once come back in any order, and enrol pods again",
  async (mesh) => {
    const { sleep, httpbin } = await addPods(mesh);
    const at = mesh.at("node-1");
    for (const first of ["agent", "proxy"]) {
      await Promise.all([at.agent.stop("SIGKILL"), mesh.killProxy("node-1")]);
      if (first === "agent") await at.agent.start();
      await mesh.startProxy(at, { notReady: true });
      if (first === "proxy") await at.agent.start();
      await mesh.proxy("node-1").untilReady();
      // Nobody knows the namespaces: the container runtime has to tell.
      for (const pod of [sleep, httpbin]) await mesh.enrol(pod);
      await untilGreeted(mesh, sleep, httpbin);
    }
  },
);

/** A client and a server at one node; made once, and then served as they are. */
async function addPods(mesh: AgentMesh) {
  const add = (name: string) =>
    mesh.lab.pods.find((pod) => pod.name === name) ??
      mesh.addPod(name, "node-1");
  const known = mesh.lab.pods.length > 0;
  const [sleep, httpbin] = [await add("sleep"), await add("httpbin")];
  if (!known) await mesh.serve(httpbin);
  await untilGreeted(mesh, sleep, httpbin);
  return { sleep, httpbin };
}

const untilGreeted = (mesh: AgentMesh, from: LabPod, to: LabPod) =>
  eventually(
    `a greeting from ${to.name}`,
    async () => (await mesh.get(from, to)).stdout === `${greetingOf(to)}\n`,
  );

const statesOf = (
  pods: Readonly<Record<string, { state: string; info: { name: string } }>>,
): string[] =>
  Object.values(pods).map(({ state, info }) => `${info.name} ${state}`).sort();
