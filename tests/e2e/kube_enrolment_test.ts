/** A node that finds the pods of a Kubernetes API by itself, and says how they are. */
import assert from "node:assert/strict";
import { inNamespace, must } from "../lab/command.ts";
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import { Lab, type LabPod, labSkipReason } from "../lab/mod.ts";
import { addProcess } from "./host_proc.ts";
import { eventually } from "./support.ts";

const skip = await labSkipReason() ?? await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of pods found by their processes are skipped: ${skip}`);
}

const REDIRECTION = "ambient.istio.io/redirection";
const WAIT_MS = 40_000;

interface PodJson {
  readonly metadata: {
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

class Cluster {
  constructor(readonly lab: Lab, readonly plane: ControlPlane) {}

  async addPod(name: string, mode: string): Promise<LabPod> {
    const labels = { app: name, "istio.io/dataplane-mode": mode };
    const pod = await this.lab.addPod({ name, node: "node-1", labels });
    const { ips } = pod;
    const node = "node-1";
    await this.plane.addPod({ name, node, ips, labels, annotations: {} });
    return pod;
  }

  pod(name: string): Promise<PodJson> {
    return this.plane.get<PodJson>("pod", name);
  }

  untilMarked(name: string, value: string | undefined): Promise<void> {
    return eventually(`${name} marked ${value}`, async () => {
      const { annotations = {} } = (await this.pod(name)).metadata;
      return annotations[REDIRECTION] === value;
    }, WAIT_MS);
  }

  async label(name: string, mode: string): Promise<void> {
    const label = `istio.io/dataplane-mode=${mode}`;
    await this.plane.kubectl(["label", "--overwrite", "pod", name, label]);
  }
}

const rulesIn = (pod: LabPod): Promise<string> =>
  must(inNamespace(pod.netns, ["iptables-save", "-t", "nat"]));

Deno.test({
  name: "pods are found by their processes, marked, and let go of",
  ignore: skip !== undefined,
  async fn() {
    await using lab = await Lab.create();
    await using plane = await ControlPlane.start({ lab, istiod: false });
    const proc = await Deno.makeTempDir({ prefix: "hairpin-proc-" });
    try {
      const cluster = new Cluster(lab, plane);
      const found = await cluster.addPod("found", "ambient");
      const lost = await cluster.addPod("lost", "ambient");
      const uid = (await cluster.pod("found")).metadata.uid;
      // The older process says it is the pod's, and is somewhere else.
      await addProcess(proc, 10, uid, lost.netns);
      await addProcess(proc, 20, uid, found.netns);
      const options = {
        kubeconfig: plane.kubeconfig,
        flags: [`--host-proc=${proc}`],
      };
      const node = lab.node("node-1");
      {
        await using _hairpin = await lab.startHairpin(node, options);
        await cluster.untilMarked("found", "enabled");
        await cluster.untilMarked("lost", "pending");
        assert.match(await rulesIn(found), /ISTIO_OUTPUT/);
        assert.doesNotMatch(await rulesIn(lost), /ISTIO/);
        await eventually(
          "an event",
          async () =>
            (await plane.kubectl(["get", "events", "-n", "default"]))
              .includes("RedirectionFailed"),
          WAIT_MS,
        );
        const { uid } = (await cluster.pod("lost")).metadata;
        await addProcess(proc, 30, uid, lost.netns);
        await cluster.untilMarked("lost", "enabled");
        await cluster.label("lost", "none");
        await cluster.untilMarked("lost", undefined);
        assert.doesNotMatch(await rulesIn(lost), /ISTIO/);
      }
      // It leaves the mesh while nobody looks.
      await cluster.label("found", "none");
      assert.match(await rulesIn(found), /ISTIO/);
      await using _again = await lab.startHairpin(node, options);
      await cluster.untilMarked("found", undefined);
      assert.doesNotMatch(await rulesIn(found), /ISTIO/);
    } finally {
      await Deno.remove(proc, { recursive: true });
    }
  },
});
