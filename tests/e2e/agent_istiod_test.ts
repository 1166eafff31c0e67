/** hairpin in ztunnel's place in a whole of Istio: istiod, node agent, CNI plugin, istioctl. */
import assert from "node:assert/strict";
import { testTools } from "../lab/control_plane/mod.ts";
import { greetingOf, type LabPod, must } from "../lab/mod.ts";
import { AgentMesh, agentTest } from "./agent_support.ts";
import { identityOf } from "./calls.ts";
import { authorizationPolicy } from "./policy_support.ts";
import { eventually } from "./support.ts";

agentTest("hairpin stands in for ztunnel in a cluster of Istio's", async () => {
  await using mesh = await AgentMesh.start(2, true);
  const sleep = await mesh.addPod("sleep", "node-1");
  const httpbin = await mesh.addPod("httpbin", "node-2");
  await mesh.serve(httpbin);
  await untilHbone(mesh, httpbin);

  await assertGreeted(mesh, sleep, httpbin);
  const { fields } = await mesh.proxy("node-2").untilAccess(
    "the request, inbound",
    (line) => line.fields["direction"] === "inbound",
  );
  assert.equal(fields["src.identity"], identityOf(sleep));
  assert.equal(fields["dst.identity"], identityOf(httpbin));

  await mesh.plane.apply(authorizationPolicy("no-sleep", {
    action: "DENY",
    rules: [{ from: [{ source: { namespaces: ["default"] } }] }],
  }));
  await eventually(
    "denied",
    async () => (await mesh.get(sleep, httpbin)).code !== 0,
  );
  await mesh.plane.delete("authorizationpolicy", "no-sleep", "default");
  await eventually(
    "allowed again",
    async () => (await mesh.get(sleep, httpbin)).code === 0,
  );

  await assertShown(mesh, httpbin);

  // All of it at once, and back: the pods are with the agent, the rest is istiod's.
  await mesh.killProxy("node-2");
  await mesh.startProxy(mesh.at("node-2"));
  await eventually(
    "greeted after a restart",
    async () => (await mesh.get(sleep, httpbin)).code === 0,
  );
});

/** Peers tunnel to a pod once istiod has heard that it is enrolled. */
const untilHbone = (mesh: AgentMesh, pod: LabPod): Promise<void> =>
  mesh.proxy("node-1").untilDump(
    `${pod.name} reached by HBONE`,
    ({ workloads }) =>
      workloads.some(({ name, protocol }) =>
        name === pod.name && protocol === "HBONE"
      ),
  );

async function assertGreeted(mesh: AgentMesh, from: LabPod, to: LabPod) {
  const reply = await mesh.get(from, to);
  assert.equal(reply.stdout, `${greetingOf(to)}\n`, reply.stderr);
}

/** istioctl understands what a node says of itself. */
async function assertShown(mesh: AgentMesh, pod: LabPod): Promise<void> {
  const file = `${mesh.lab.folder}/dump.json`;
  await Deno.writeTextFile(
    file,
    await mesh.proxy("node-2").admin("/config_dump"),
  );
  const shown: [section: string, line: RegExp][] = [
    ["workloads", new RegExp(`^default +${pod.name} .* HBONE$`, "m")],
    ["certificates", /sa\/httpbin +Leaf +Available +true/],
    ["certificates", /sa\/httpbin +Root +Available +true/],
    ["services", /^NAMESPACE/],
    ["policies", /^NAMESPACE/],
    ["connections", /^WORKLOAD/],
  ];
  for (const [section, line] of shown) {
    const program = `${testTools()}/istioctl`;
    const command = [program, "ztunnel-config", section, "--file", file];
    assert.match(await must(command), line);
  }
}
