/** Node-level redirection of the pods that a Kubernetes API tells of. */
import assert from "node:assert/strict";
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import {
  greetingOf,
  type HairpinProcess,
  Lab,
  type LabNode,
  type LabPod,
  labSkipReason,
  startHttpServer,
} from "../lab/mod.ts";
import { AccessTail } from "./calls.ts";
import { out, tracesAt } from "./node_redirect_support.ts";
import { eventually, HTTP_PORT } from "./support.ts";

const skip = await labSkipReason() ?? await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of a node's pods in a cluster are skipped: ${skip}`);
}

const WAIT_MS = 40_000;
const MODE = "istio.io/dataplane-mode";

class Cluster {
  constructor(readonly lab: Lab, readonly plane: ControlPlane) {}

  async addPod(name: string, mode?: string): Promise<LabPod> {
    const labels = { app: name, ...mode !== undefined && { [MODE]: mode } };
    const pod = await this.lab.addPod({ name, node: "node-1", labels });
    const { ips } = pod;
    const node = "node-1";
    await this.plane.addPod({ name, node, ips, labels, annotations: {} });
    await startHttpServer(this.lab, pod, HTTP_PORT);
    return pod;
  }

  /** @param mode Undefined: no label. */
  async label(name: string, mode: string | undefined): Promise<void> {
    const label = mode === undefined ? `${MODE}-` : `${MODE}=${mode}`;
    await this.plane.kubectl(["label", "--overwrite", "pod", name, label]);
  }

  /** Addresses that the node's rules capture, sorted. */
  async captured(node: LabNode): Promise<string[]> {
    const list = async (family: string) =>
      await out(this, node, `nft list set ${family} hairpin-node pods`);
    const text = await list("ip") + await list("ip6");
    const elements = [...text.matchAll(/elements = \{([^}]*)\}/g)];
    return elements.flatMap(([, list = ""]) =>
      list.split(",").map((ip) => ip.trim())
    ).sort();
  }

  untilCaptured(node: LabNode, pods: readonly LabPod[]): Promise<void> {
    const want = pods.flatMap(({ ips }) => ips).sort().join();
    const names = pods.map(({ name }) => name);
    return eventually(
      `captured: ${names}`,
      async () => (await this.captured(node)).join() === want,
      WAIT_MS,
    );
  }
}

/** Calls a pod from outside by both families; whether the proxy tells of it. */
async function assertReached(
  { lab }: Cluster,
  to: LabPod,
  proxy: HairpinProcess | undefined,
): Promise<void> {
  for (const ip of to.ips) {
    const tail = proxy && new AccessTail(proxy);
    const host = ip.includes(":") ? `[${ip}]` : ip;
    const url = `http://${host}:${HTTP_PORT}/`;
    const command = ["curl", "-sS", "--max-time", "10", url];
    const { stdout } = await lab.exec(lab.outsider, command);
    assert.equal(stdout, `${greetingOf(to)}\n`);
    await tail?.until({ direction: "inbound", "dst.workload": to.name });
  }
}

Deno.test({
  name: "a node captures the pods that the cluster labels, and no others",
  ignore: skip !== undefined,
  async fn() {
    await using lab = await Lab.create();
    await using plane = await ControlPlane.start({ lab, istiod: false });
    const cluster = new Cluster(lab, plane);
    const node = lab.node("node-1");
    const labelled = await cluster.addPod("labelled", "ambient");
    const plain = await cluster.addPod("plain");
    await using hairpin = await lab.startHairpin(node, {
      kubeconfig: plane.kubeconfig,
      redirect: "node",
    });
    await cluster.untilCaptured(node, [labelled]);
    await assertReached(cluster, labelled, hairpin);
    const unseen = new AccessTail(hairpin);
    await assertReached(cluster, plain, undefined);
    assert.deepEqual(unseen.lines, []);

    await cluster.label("plain", "ambient");
    await cluster.untilCaptured(node, [labelled, plain]);
    await assertReached(cluster, plain, hairpin);

    await cluster.label("labelled", undefined);
    await cluster.untilCaptured(node, [plain]);
    const released = new AccessTail(hairpin);
    await assertReached(cluster, labelled, undefined);
    assert.deepEqual(released.lines, []);

    await plane.kubectl([
      "delete",
      "pod",
      "plain",
      "--grace-period=0",
      "--force",
    ]);
    await cluster.untilCaptured(node, []);
    await hairpin.stop();
    assert.equal(await tracesAt({ lab }, node), "");
  },
});
