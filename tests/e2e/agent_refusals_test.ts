/** Network namespaces that belong to another pod than the one named. */
import assert from "node:assert/strict";
import { greetingOf, type LabPod } from "../lab/mod.ts";
import { type AgentMesh, shareAgentMesh } from "./agent_support.ts";
import { eventually } from "./support.ts";

const meshTest = shareAgentMesh(1);

meshTest(
  "a namespace that another pod is served in is refused, and the right one taken",
  async (mesh) => {
    const victim = await mesh.addPod("victim", "node-1");
    const mixed = await mesh.makePod("mixed", "node-1");
    await assertRefused(mesh, { ...mixed, netns: victim.netns }, "victim");
    await enrolAgain(mesh, mixed);
    await mesh.serve(mixed);
    const reply = await mesh.get(victim, mixed);
    assert.equal(reply.stdout, `${greetingOf(mixed)}\n`, reply.stderr);
  },
);

meshTest(
  "a namespace whose addresses are another pod's is refused until the mesh says otherwise",
  async (mesh) => {
    const owner = await mesh.makePod("owner", "node-1");
    const thief = await mesh.makePod("thief", "node-1");
    const proxy = mesh.proxy("node-1");
    await proxy.untilDump(
      "the owner known",
      ({ workloads }) => workloads.some(({ name }) => name === "owner"),
    );
    const given = { ...thief, netns: owner.netns };
    await assertRefused(mesh, given, "owner");
    // The owner is gone, as after a pod whose address was given to the next:
    // the pending try finds nothing against it any more.
    await mesh.lab.delete("pod-default-owner");
    await mesh.lab.applyPod({ ...thief, ips: owner.ips });
    await eventually(
      "served by the next try",
      async () =>
        (await proxy.configDump()).workloadState[thief.uid]?.state === "Up",
    );
    await proxy.untilReady();
  },
);

/** Looks at a pod that is up: what the agent still had in hand is over by then. */
const LOOKS = 20;
const ENROL_AGAIN_MS = 30_000;

/**
 * Enrols a pod that was refused, as often as it takes: the agent may still be
 * about to hand over again what was refused, and to take that back.
 */
async function enrolAgain(mesh: AgentMesh, pod: LabPod): Promise<void> {
  const proxy = mesh.proxy(pod.node);
  let looks = 0;
  await eventually(`${pod.name} served`, async () => {
    const { workloadState } = await proxy.configDump();
    const up = workloadState[pod.uid]?.state === "Up" && await proxy.isReady();
    looks = up ? looks + 1 : 0;
    // What fails is asked for again, as by a container runtime.
    if (!up) await mesh.at(pod.node).agent.cni("ADD", pod).catch(() => {});
    return looks === LOOKS;
  }, ENROL_AGAIN_MS);
}

/** The agent is told of a pod with a namespace that is `owner`'s. */
async function assertRefused(
  mesh: AgentMesh,
  pod: Parameters<AgentMesh["enrol"]>[0],
  owner: string,
): Promise<void> {
  const { agent } = mesh.at("node-1");
  const proxy = mesh.proxy("node-1");
  await assert.rejects(agent.cni("ADD", pod));
  const words =
    `failure to start proxy : Cannot serve pod "default/${pod.name}": ` +
    `its network namespace is pod "default/${owner}"'s`;
  const agentLog = agent.process.log().replaceAll("\\", "");
  assert.ok(agentLog.includes(words), `agent's log has no ${words}`);
  assert.equal(await proxy.isReady(), false);
  const { workloadState } = await proxy.configDump();
  assert.equal(workloadState[pod.uid], undefined);
  assert.equal(await mesh.redirectionOf(pod), "pending");
}
