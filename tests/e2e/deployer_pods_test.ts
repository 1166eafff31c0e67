/**
 * A Gateway is all that a user makes: the deployer's pod, run from its manifest,
 * makes the Deployment, whose pod is run as it is and serves.
 */
import assert from "node:assert/strict";
import type { LabPod } from "../lab/mod.ts";
import { fronted, type Manifest, MANIFESTS } from "../support/manifests.ts";
import { type Read, WAIT_MS } from "./deployer_support.ts";
import {
  ManifestCluster,
  manifestSkipReason,
  startInChain,
} from "./manifest_cluster.ts";
import { eventually, HTTP_PORT } from "./support.ts";

const skip = await manifestSkipReason();
if (skip !== undefined) {
  console.log(`tests of the deployer's pods are skipped: ${skip}`);
}

const KIND = `${MANIFESTS}/../kind`;

/** A client and a server in the mesh of the manifests. */
async function startMesh(
  cluster: ManifestCluster,
  folder: "alone" | "istio_self",
): Promise<{ sleep: LabPod; httpbin: LabPod }> {
  const httpbin = await cluster.addPod("httpbin", "node-2");
  const objects = await cluster.apply(folder);
  if (folder === "alone") await cluster.makeAuthority();
  await cluster.runDaemonSet(objects);
  await cluster.labelNamespace();
  await cluster.proxy("node-2").untilPodUp(httpbin);
  const sleep = await cluster.addPod("sleep", "node-1");
  await startInChain(cluster.kubelet("node-1"), sleep);
  await cluster.proxy("node-1").untilPodUp(sleep);
  return { sleep, httpbin };
}

interface Waypoint extends Manifest {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    };
  };
}

/** The Deployment of the Gateway `waypoint`, once it is so. */
async function untilDeployment(
  { plane }: ManifestCluster,
  test: (deployment: Waypoint) => boolean,
): Promise<Waypoint> {
  let found: Waypoint | undefined;
  await eventually("the Gateway's Deployment", async () => {
    const args = ["get", "deployment", "waypoint", "--ignore-not-found"];
    const text = await plane.kubectl([...args, "-o", "json"]);
    found = text.trim() === "" ? undefined : JSON.parse(text);
    return found !== undefined && test(found);
  }, WAIT_MS);
  return found!;
}

const untilCondition = ({ plane }: ManifestCluster, type: string) =>
  plane.kubectl([
    ...["wait", `--for=condition=${type}`, "gateway/waypoint"],
    `--timeout=${WAIT_MS / 1_000}s`,
  ]);

for (
  const [nodes, folder] of [
    ["alone", "deployer_alone"],
    ["istio_self", "deployer"],
  ] as const
) {
  Deno.test({
    name:
      `scripts/kubernetes/${folder} makes a waypoint that serves, of a Gateway alone`,
    ignore: skip !== undefined,
    async fn() {
      await using cluster = await ManifestCluster.start(nodes !== "alone");
      const { plane } = cluster;
      const { sleep, httpbin } = await startMesh(cluster, nodes);
      const objects = await cluster.apply(folder);
      await cluster.kubelet("node-2").runPod(objects);

      await plane.kubectl(["apply", "-f", `${KIND}/gateway.yaml`]);
      await untilCondition(cluster, "hairpin.dev/Deployed");
      const deployment = await untilDeployment(cluster, () => true);
      await cluster.kubelet("node-1").runPod([deployment]);
      await untilCondition(cluster, "Programmed");

      await plane.apply(fronted({ http: HTTP_PORT }));
      await plane.kubectl(["apply", "-f", `${KIND}/policy.yaml`]);
      const status = async (path: string) =>
        (await cluster.get(sleep, httpbin.ips[0]!, path)).status;
      await eventually(
        "the waypoint's policy in force",
        async () => await status("/secret") === 403,
        WAIT_MS,
      );
      assert.equal(await status("/"), 200);

      const labels = { team: "shop" };
      await plane.kubectl([
        ...["patch", "gateway", "waypoint", "--type=merge", "-p"],
        JSON.stringify({ spec: { infrastructure: { labels } } }),
      ]);
      await untilDeployment(
        cluster,
        ({ spec }) => spec.template.metadata.labels.team === "shop",
      );
      // Both conditions are still there, each by its own author.
      await untilCondition(cluster, "hairpin.dev/Deployed");
      await untilCondition(cluster, "Programmed");

      await plane.delete("gateway", "waypoint");
      await eventually("no account with a waypoint's rights", async () => {
        const { subjects = [] } = await plane.get<Read>(
          "clusterrolebinding",
          "hairpin-waypoints",
        );
        return subjects.length === 0;
      }, WAIT_MS);
    },
  });
}
