/** A bypass by an annotation in the Kubernetes API, as the API shows it. */
import assert from "node:assert/strict";
import { inNamespace, must, netnsPath } from "../lab/command.ts";
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import { Lab, labSkipReason } from "../lab/mod.ts";
import { eventually } from "./support.ts";

const skip = await labSkipReason() ?? await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of bypasses in the Kubernetes API are skipped: ${skip}`);
}

const REDIRECTION = "ambient.istio.io/redirection";
const BYPASS = "hairpin.dev/bypass-capture";
const WAIT_MS = 40_000;

interface PodJson {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
}

interface Events {
  readonly items: readonly {
    readonly reason: string;
    readonly type: string;
    readonly message: string;
    readonly involvedObject: { readonly name: string };
  }[];
}

Deno.test({
  name: "a bypass in the Kubernetes API is an Event, and unmarks the pod",
  ignore: skip !== undefined,
  async fn() {
    await using lab = await Lab.create();
    await using plane = await ControlPlane.start({ lab, istiod: false });
    const labels = { app: "web", "istio.io/dataplane-mode": "ambient" };
    const node = "node-1";
    const pod = await lab.addPod({ name: "web", node, labels });
    await plane.addPod({
      name: "web",
      node,
      ips: pod.ips,
      labels,
      annotations: { "hairpin.dev/netns": netnsPath(pod.netns) },
    });
    await using _hairpin = await lab.startHairpin(lab.node(node), {
      kubeconfig: plane.kubeconfig,
    });
    const annotate = (change: string) =>
      plane.kubectl(["annotate", "--overwrite", "pod", "web", change]);
    const untilMarked = (value: string | undefined) =>
      eventually(`marked ${value}`, async () => {
        const { metadata } = await plane.get<PodJson>("pod", "web");
        return metadata.annotations[REDIRECTION] === value;
      }, WAIT_MS);
    const untilEvent = (reason: string, type: string, message: RegExp) =>
      eventually(`event ${reason}`, async () => {
        const text = await plane.kubectl([
          ...["get", "events", "-n", "default", "-o", "json"],
        ]);
        return (JSON.parse(text) as Events).items.some((event) =>
          event.reason === reason && event.type === type &&
          event.involvedObject.name === "web" && message.test(event.message)
        );
      }, WAIT_MS);
    const rules = () => must(inNamespace(pod.netns, ["iptables-save"]));

    await untilMarked("enabled");
    await annotate(`${BYPASS}=2999-01-01T00:00:00Z`);
    await untilEvent("CaptureBypassed", "Warning", /2999-01-01T00:00:00Z/);
    await untilMarked(undefined);
    assert.doesNotMatch(await rules(), /ISTIO/);

    await annotate(`${BYPASS}=2001-01-01T00:00:00Z`);
    await untilEvent("CaptureBypassEnded", "Normal", /no longer/);
    await untilMarked("enabled");
    assert.match(await rules(), /ISTIO_OUTPUT/);
  },
});
