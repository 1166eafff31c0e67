/**
 * hairpin as a cluster runs it: the manifests are applied as they are, and their
 * containers are started from their own arguments, variables, volumes and
 * rights, beside a real API server, istiod and Istio's node agent.
 */
import assert from "node:assert/strict";
import { testTools } from "../lab/control_plane/mod.ts";
import type { LabPod } from "../lab/mod.ts";
import { NodeAgent, nodeAgentSkipReason } from "../lab/node_agent/mod.ts";
import {
  ManifestCluster,
  manifestSkipReason,
  startInChain,
} from "./manifest_cluster.ts";
import { fronted, MANIFESTS } from "../support/manifests.ts";
import { eventually, HTTP_PORT } from "./support.ts";

const skip = await manifestSkipReason() ?? await nodeAgentSkipReason();
if (skip !== undefined) {
  console.log(`tests of pods from the manifests are skipped: ${skip}`);
}
const clusterTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: skip !== undefined, fn });

/** A definition that was missing is looked for every half a minute; the rest is a busy machine's. */
const POLICY_WAIT_MS = 120_000;

/** Starts Istio's node agent at every node, where the manifest looks for it. */
async function startAgents(
  { lab, plane, kubelets }: ManifestCluster,
  stack: AsyncDisposableStack,
): Promise<Map<string, NodeAgent>> {
  const agents = new Map<string, NodeAgent>();
  for (const { node } of kubelets) {
    const tools = testTools() ?? "";
    const agent = await NodeAgent.prepare(lab, plane, { node, tools });
    agents.set(node.name, stack.use(agent));
    await agent.start();
  }
  for (const kubelet of kubelets) {
    const folder = kubelet.hostPath("/var/run/ztunnel");
    await Deno.mkdir(folder, { recursive: true });
    const { socketPath } = agents.get(kubelet.node.name)!;
    await Deno.link(socketPath, `${folder}/ztunnel.sock`);
  }
  return agents;
}

clusterTest(
  "scripts/kubernetes/istio serves what Istio's node agent hands over",
  async () => {
    await using cluster = await ManifestCluster.start(true);
    await using stack = new AsyncDisposableStack();
    const agents = await startAgents(cluster, stack);
    await cluster.runDaemonSet(await cluster.apply("istio"));
    await cluster.labelNamespace();
    const start = async (name: string, node: string): Promise<LabPod> => {
      const pod = await cluster.addPod(name, node);
      await agents.get(node)!.cni("ADD", pod);
      await cluster.proxy(node).untilPodUp(pod);
      return pod;
    };
    const sleep = await start("sleep", "node-1");
    const httpbin = await start("httpbin", "node-2");
    await cluster.assertEncrypted(sleep, httpbin);
  },
);

/** Istio's definitions and the Gateway API's, which are not in every cluster. */
async function addDefinitions({ plane }: ManifestCluster): Promise<void> {
  const files = ["istio", "gateway-api"].flatMap((
    name,
  ) => ["-f", `${testTools()}/../crds/${name}.yaml`]);
  const apply = ["apply", "--server-side", "--force-conflicts"];
  await plane.kubectl([...apply, ...files]);
  const wait = ["wait", "--for=condition=Established", "--timeout=60s"];
  await plane.kubectl([...wait, "crd", "--all"]);
}

/** Puts the manifests' waypoint and its policy in front of httpbin. */
async function frontWithWaypoint(
  cluster: ManifestCluster,
  folder: "waypoint" | "waypoint_alone",
): Promise<void> {
  await cluster.plane.apply(fronted({ http: HTTP_PORT }));
  const objects = await cluster.apply(folder);
  await cluster.kubelet("node-1").runPod(objects);
  const policy = `${MANIFESTS}/../kind/policy.yaml`;
  await cluster.plane.kubectl(["apply", "-f", policy]);
}

for (const folder of ["alone", "istio_self"]) {
  clusterTest(
    `scripts/kubernetes/${folder} enrols pods that run, and captures those that start`,
    async () => {
      const alone = folder === "alone";
      await using cluster = await ManifestCluster.start(!alone);
      const httpbin = await cluster.addPod("httpbin", "node-2");
      const objects = await cluster.apply(folder);
      if (alone) {
        await cluster.makeAuthority();
        await cluster.plane.kubectl(["delete", "crd", "--all"]);
      }
      await cluster.runDaemonSet(objects);
      await cluster.labelNamespace();
      await cluster.proxy("node-2").untilPodUp(httpbin);
      const sleep = await cluster.addPod("sleep", "node-1");
      await startInChain(cluster.kubelet("node-1"), sleep);
      await cluster.proxy("node-1").untilPodUp(sleep);
      await cluster.assertEncrypted(sleep, httpbin);
      if (alone) await addDefinitions(cluster);
      await frontWithWaypoint(cluster, alone ? "waypoint_alone" : "waypoint");
      const status = async (path: string) =>
        (await cluster.get(sleep, httpbin.ips[0]!, path)).status;
      const isDenied = async () => await status("/secret") === 403;
      await eventually(
        "/secret is denied past the waypoint",
        isDenied,
        POLICY_WAIT_MS,
      );
      assert.equal(await status("/"), 200);
      for (const { name } of [sleep, httpbin]) {
        await eventually(
          `${name} marked`,
          async () => await redirectionOf(cluster, name) === "enabled",
        );
      }
    },
  );
}

async function redirectionOf(
  { plane }: ManifestCluster,
  name: string,
): Promise<string | undefined> {
  const { metadata } = await plane.get<{
    metadata: { annotations?: Record<string, string> };
  }>("pod", name);
  return metadata.annotations?.["ambient.istio.io/redirection"];
}
