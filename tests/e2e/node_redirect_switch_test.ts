/** A node that changes from capturing its pods to redirecting in them, and back. */
import assert from "node:assert/strict";
import type { HairpinProcess, LabNode, LabPod } from "../lab/mod.ts";
import { AccessTail } from "./calls.ts";
import { out, tracesAt } from "./node_redirect_support.ts";
import { labTest, Mesh } from "./support.ts";

/** Of either backend. */
const rulesIn = (mesh: Mesh, pod: LabPod): Promise<string> =>
  out(mesh, pod, "iptables-save; ip6tables-save; nft list ruleset");

/** A call by either family, which the proxy of its node tells of. */
async function assertCaptured(mesh: Mesh, proxy: HairpinProcess) {
  for (const family of [4, 6] as const) {
    const tail = new AccessTail(proxy);
    const url = mesh.urlOf(mesh.httpbin, "/", family);
    assert.equal((await mesh.get(mesh.sleep, url)).status, 200);
    await tail.until({ direction: "outbound", "src.workload": "sleep" });
  }
}

async function startNext(
  { lab, sleep, notsleep }: Mesh,
  node: LabNode,
  redirect: "self" | "node",
  name: string,
): Promise<HairpinProcess> {
  const next = await lab.startHairpin(node, { redirect, name });
  for (const pod of [sleep, notsleep]) await next.untilPodUp(pod);
  return next;
}

labTest(
  "a node changes how it redirects, and nothing of the other way is left",
  async () => {
    await using mesh = await Mesh.start({ redirect: "node" }, {});
    const { lab, client, sleep, notsleep } = mesh;
    const node = lab.node("node-1");
    await assertCaptured(mesh, client);
    await client.stop();
    assert.notEqual(await tracesAt(mesh, node), "");

    const inPods = await startNext(mesh, node, "self", "in-pods");
    await inPods.process.untilLog(/the node's own redirection is removed/);
    assert.equal(await tracesAt(mesh, node), "");
    await assertCaptured(mesh, inPods);
    await inPods.stop();
    assert.match(await rulesIn(mesh, sleep), /istio/i);

    const onNode = await startNext(mesh, node, "node", "on-node");
    for (const pod of [sleep, notsleep]) {
      const words = `the pod's own redirection is removed\\tuid="${pod.uid}"`;
      await onNode.process.untilLog(new RegExp(words));
      assert.doesNotMatch(await rulesIn(mesh, pod), /istio|hairpin/i);
    }
    await assertCaptured(mesh, onNode);
  },
);
