/** `hairpin check` where pods come from a Kubernetes API: their labels against their annotations. */
import { netnsPath } from "../lab/command.ts";
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import { Lab, labSkipReason } from "../lab/mod.ts";
import assert from "node:assert/strict";
import { assertFinds, checkNode, checkPod } from "./check_support.ts";
import { eventually } from "./support.ts";

const skip = await labSkipReason() ?? await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of check with a Kubernetes API are skipped: ${skip}`);
}

const REDIRECTION = "ambient.istio.io/redirection";
const MODE = "istio.io/dataplane-mode";
const WAIT_MS = 40_000;

interface PodJson {
  readonly metadata: {
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

Deno.test({
  name: "check finds annotations that differ from labels, either way",
  ignore: skip !== undefined,
  async fn() {
    await using lab = await Lab.create();
    await using plane = await ControlPlane.start({ lab, istiod: false });
    const node = "node-1";
    const add = async (name: string, mode: string, isFound: boolean) => {
      const labels = { app: name, [MODE]: mode };
      const pod = await lab.addPod({ name, node, labels });
      const annotations = isFound
        ? { "hairpin.dev/netns": netnsPath(pod.netns) }
        : {};
      await plane.addPod({ name, node, ips: pod.ips, labels, annotations });
      return pod;
    };
    const kubectl = (verb: string, name: string, change: string) =>
      plane.kubectl([verb, "--overwrite", "pod", name, change]);
    const untilMarked = (name: string, value: string | undefined) =>
      eventually(`${name} marked ${value}`, async () => {
        const { metadata } = await plane.get<PodJson>("pod", name);
        return metadata.annotations?.[REDIRECTION] === value;
      }, WAIT_MS);

    const web = await add("web", "ambient", true);
    await add("lost", "ambient", false);
    await using hairpin = await lab.startHairpin(lab.node(node), {
      kubeconfig: plane.kubeconfig,
    });
    const untilDumped = (name: string, wanted: boolean, mark: string) =>
      eventually(`${name} as ${mark} in the dump`, async () => {
        const { hairpin: own } = await hairpin.configDump() as unknown as {
          hairpin: {
            podMarks: { name: string; wanted: boolean; mark?: string }[];
          };
        };
        return own.podMarks.some((pod) =>
          pod.name === name && pod.wanted === wanted && pod.mark === mark
        );
      }, WAIT_MS);
    const findings = async () =>
      (await checkPod({ lab }, hairpin, web)).findings;

    await untilMarked("web", "enabled");
    await untilDumped("web", true, "enabled");
    await untilDumped("lost", true, "pending");
    assertFinds(await findings(), {
      "labels and annotations": [
        "failed",
        /not enrolled: default\/lost \(pending\)$/,
      ],
      "pods and mesh": ["failed", /nobody serves: default\/lost$/],
    });

    await kubectl("label", "lost", `${MODE}=none`);
    await untilDumped("lost", false, "pending");
    assertFinds(await findings(), {
      "labels and annotations": [
        "failed",
        /not labelled: default\/lost \(pending\)$/,
      ],
    });
  },
});

/** What a kubelet reports of a container. */
const containerStatus = (more: object) => ({
  ...{ name: "app", image: "lab", imageID: "lab", started: true },
  ...{ ready: true, restartCount: 0, state: { running: {} } },
  ...more,
});

/** A container that ended once, at a time. */
const endedAt = (finishedAt: string) => ({
  restartCount: 1,
  lastState: {
    terminated: {
      ...{ finishedAt, startedAt: finishedAt, exitCode: 137 },
      reason: "OOMKilled",
    },
  },
});

const BEFORE = "2001-01-01T00:00:00Z";
const AFTER = "2999-01-01T00:00:00Z";

Deno.test({
  name: "check finds containers that are not as they were before enrolment",
  ignore: skip !== undefined,
  async fn() {
    await using lab = await Lab.create();
    await using plane = await ControlPlane.start({ lab, istiod: false });
    const node = "node-1";
    const labels = { app: "web", [MODE]: "ambient" };
    const pod = await lab.addPod({ name: "web", node, labels });
    const annotations = { "hairpin.dev/netns": netnsPath(pod.netns) };
    const name = "web";
    await plane.addPod({ name, node, ips: pod.ips, labels, annotations });
    await using hairpin = await lab.startHairpin(lab.node(node), {
      kubeconfig: plane.kubeconfig,
    });
    await eventually("enrolled", async () => {
      const { metadata } = await plane.get<PodJson>("pod", name);
      return metadata.annotations?.[REDIRECTION] === "enabled";
    }, WAIT_MS);
    const report = (more: object) => {
      const status = { containerStatuses: [containerStatus(more)] };
      const patch = JSON.stringify({ status });
      return plane.kubectl([
        ...["patch", "pod", name, "--subresource=status"],
        ...["--type=merge", "-p", patch],
      ]);
    };
    const check = () => checkNode({ lab }, hairpin, "--kube", plane.kubeconfig);

    assertFinds(await checkNode({ lab }, hairpin), {});
    for (const well of [{}, endedAt(BEFORE)]) {
      await report(well);
      const findings = await check();
      assertFinds(findings, {});
      assert.match(
        findings.find(({ check }) => check === "containers")?.found ?? "",
        /^1 of 1 pods, all ready, none restarted since/,
      );
    }

    await report(endedAt(AFTER));
    assertFinds(await check(), {
      containers: [
        "warning",
        /^default\/web: "app" ended at 2999-\S+ \(OOMKilled, exit code 137\), enrolled at 20\d\d-/,
      ],
    });
    const waiting = { waiting: { reason: "CrashLoopBackOff" } };
    await report({ ...endedAt(AFTER), ready: false, state: waiting });
    assertFinds(await check(), {
      containers: [
        "failed",
        /^default\/web: "app" is not ready \(CrashLoopBackOff\)$/,
      ],
    });

    await report({});
    await plane.stopApi();
    assertFinds(await check(), {
      "Kubernetes API": ["failed", /^Cannot list "namespaces": .*refused/],
    });
  },
});
