/** A Kubernetes API that is killed in the middle of enrolment, and comes back. */
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
  console.log(`tests of enrolment without an API are skipped: ${skip}`);
}

const REDIRECTION = "ambient.istio.io/redirection";
const MODE = "istio.io/dataplane-mode";
const WAIT_MS = 60_000;
const NODE = "node-1";

interface PodJson {
  readonly metadata: {
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

const isRedirected = async (pod: LabPod): Promise<boolean> =>
  (await must(inNamespace(pod.netns, ["iptables-save", "-t", "nat"])))
    .includes("ISTIO_OUTPUT");

Deno.test({
  name:
    "an API that is gone in the middle opens no pod, hinders no enrolment, and is told of all when it is back",
  ignore: skip !== undefined,
  async fn() {
    await using lab = await Lab.create();
    await using plane = await ControlPlane.start({ lab, istiod: false });
    const proc = await Deno.makeTempDir({ prefix: "hairpin-proc-" });
    try {
      const labels = { [MODE]: "ambient" };
      const add = async (name: string) => {
        const pod = await lab.addPod({ name, node: NODE, labels });
        const { ips } = pod;
        await plane.addPod({ name, node: NODE, ips, labels, annotations: {} });
        return pod;
      };
      const json = (name: string) => plane.get<PodJson>("pod", name);
      const untilMarked = (name: string, value: string | undefined) =>
        eventually(`${name} marked ${value}`, async () => {
          const { annotations = {} } = (await json(name)).metadata;
          return annotations[REDIRECTION] === value;
        }, WAIT_MS);
      const first = await add("first");
      const late = await add("late");
      const uids = {
        first: (await json("first")).metadata.uid,
        late: (await json("late")).metadata.uid,
      };
      await addProcess(proc, 10, uids.first, first.netns);
      await using hairpin = await lab.startHairpin(lab.node(NODE), {
        kubeconfig: plane.kubeconfig,
        flags: [`--host-proc=${proc}`],
      });
      await untilMarked("first", "enabled");
      await untilMarked("late", "pending");

      // The pod is labelled, and its namespace not found yet.
      await plane.stopApi("SIGKILL");
      await addProcess(proc, 20, uids.late, late.netns);
      await eventually("late redirected", () => isRedirected(late), WAIT_MS);
      await eventually(
        "late served",
        async () =>
          JSON.stringify((await hairpin.configDump()).workloadState)
            .includes(uids.late),
        WAIT_MS,
      );
      assert.ok(await isRedirected(first));
      assert.equal(hairpin.process.running, true);

      await plane.startApi();
      await untilMarked("late", "enabled");
      await untilMarked("first", "enabled");
      await plane.kubectl([
        "label",
        "--overwrite",
        "pod",
        "late",
        `${MODE}=none`,
      ]);
      await untilMarked("late", undefined);
      assert.equal(await isRedirected(late), false);
      assert.ok(await isRedirected(first));
    } finally {
      await Deno.remove(proc, { recursive: true });
    }
  },
});
