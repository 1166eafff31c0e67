/** Pods of the mesh that run past the proxy, and cannot be found. */
import assert from "node:assert/strict";
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import { Lab, labSkipReason } from "../lab/mod.ts";
import { addProcess } from "./host_proc.ts";
import { eventually } from "./support.ts";

const skip = await labSkipReason() ?? await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of pods that are repaired are skipped: ${skip}`);
}

const WAIT_MS = 60_000;
const LABEL = "cni.istio.io/uninitialized";

interface PodJson {
  readonly metadata: {
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

/** A pod that no process of the node shows; by default one that a controller started. */
async function addLost(
  lab: Lab,
  plane: ControlPlane,
  name: string,
  hasController = true,
) {
  const labels = { app: name, "istio.io/dataplane-mode": "ambient" };
  const node = "node-1";
  const pod = await lab.addPod({ name, node, labels });
  await plane.addPod({ name, node, ips: pod.ips, labels, annotations: {} });
  if (!hasController) return pod;
  const owner = {
    ...{ apiVersion: "apps/v1", kind: "ReplicaSet", name, uid: "r-1" },
    controller: true,
  };
  const patch = { metadata: { ownerReferences: [owner] } };
  await plane.kubectl([
    ...["patch", "pod", name, "--type=merge", "-p", JSON.stringify(patch)],
  ]);
  return pod;
}

Deno.test({
  name:
    "a pod that is lost is labelled until it is found, or deleted to start anew",
  ignore: skip !== undefined,
  async fn() {
    await using lab = await Lab.create();
    await using plane = await ControlPlane.start({ lab, istiod: false });
    const proc = await Deno.makeTempDir({ prefix: "hairpin-proc-" });
    const podOf = (name: string) => plane.get<PodJson>("pod", name);
    const start = (action: string) =>
      lab.startHairpin(lab.node("node-1"), {
        kubeconfig: plane.kubeconfig,
        flags: [`--host-proc=${proc}`, `--repair-pods=${action}`],
      });
    const labelIs = (name: string, value: string | undefined) =>
      eventually(
        `${name} labelled ${value}`,
        async () => (await podOf(name)).metadata.labels?.[LABEL] === value,
        WAIT_MS,
      );
    try {
      const owned = await addLost(lab, plane, "owned");
      await addLost(lab, plane, "alone", false);
      {
        await using _hairpin = await start("label");
        await labelIs("owned", "true");
        await labelIs("alone", "true");
        const { uid } = (await podOf("owned")).metadata;
        await addProcess(proc, 10, uid, owned.netns);
        await labelIs("owned", undefined);
      }
      await addLost(lab, plane, "other");
      await using _hairpin = await start("delete");
      await eventually(
        "a deletion",
        async () =>
          (await podOf("other")).metadata.deletionTimestamp !== undefined,
        WAIT_MS,
      );
      for (const name of ["owned", "alone"]) {
        const { metadata } = await podOf(name);
        assert.equal(metadata.deletionTimestamp, undefined);
      }
      await eventually("its event", async () => {
        const text = await plane.kubectl(["get", "events", "-n", "default"]);
        return text.includes("PodDeleted") && text.includes("PodLabelled");
      }, WAIT_MS);
    } finally {
      await Deno.remove(proc, { recursive: true });
    }
  },
});
