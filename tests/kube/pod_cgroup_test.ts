import assert from "node:assert/strict";
import { podUidOfCgroup } from "../../src/kube/pod_cgroup.ts";

const UID = "2c48913c-b29f-11e7-9350-020968147796";
const LOW = UID.replaceAll("-", "_");
const ID = "9".repeat(64);

const rows: [what: string, text: string, uid: string | undefined][] = [
  ["cgroupfs", `0::/kubepods/burstable/pod${UID}/${ID}`, UID],
  [
    "systemd with containerd",
    `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${LOW}.slice/cri-containerd-${ID}.scope`,
    UID,
  ],
  [
    "docker",
    `1:cpu:/kubepods.slice/kubepods-pod${LOW}.slice/docker-${ID}.scope`,
    UID,
  ],
  [
    "containerd's own form",
    `0::/system.slice/containerd.service/kubepods-pod${LOW}.slice:cri-containerd:${ID}`,
    UID,
  ],
  ["a namespace of cgroups", `0::/../../pod${UID}/${ID}`, UID],
  ["kind", `0::/docker/abc/kubelet/kubepods/pod${UID}/${ID}`, UID],
  ["no pod", "0::/user.slice/user-0.slice/session-1.scope", undefined],
  ["the pod's group alone", `0::/kubepods/pod${UID}/`, undefined],
  [
    "two pods",
    `2:cpu:/kubepods/pod${UID}/${ID}\n1:pids:/kubepods/pod${
      UID.replace("2c", "3c")
    }/${ID}`,
    undefined,
  ],
  ["nothing", "", undefined],
];
for (const [what, text, uid] of rows) {
  Deno.test(`podUidOfCgroup() reads ${what}`, () => {
    assert.equal(podUidOfCgroup(text), uid);
  });
}
