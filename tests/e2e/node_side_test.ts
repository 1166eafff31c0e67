/** What a node that redirects its pods itself does to the node: network, taint, open connections. */
import assert from "node:assert/strict";
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import { Lab, labSkipReason } from "../lab/mod.ts";
import { parseMetrics, sumSamples } from "../lab/metrics.ts";
import { echoServer, openConnection } from "../support/open_connection.ts";
import { addProcess } from "./host_proc.ts";
import { eventually } from "./support.ts";

const skip = await labSkipReason() ?? await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of what is done to a node are skipped: ${skip}`);
}

const WAIT_MS = 40_000;
const TAINT = "cni.istio.io/not-ready";
const LABELS = { "istio.io/dataplane-mode": "ambient" };

interface NodeJson {
  readonly spec: { readonly taints?: readonly { readonly key: string }[] };
}

async function taintsOf(plane: ControlPlane): Promise<string[]> {
  const { spec } = await plane.get<NodeJson>("node", "node-1");
  // The API server puts one of its own on a node without a kubelet.
  return (spec.taints ?? []).map(({ key }) => key)
    .filter((key) => !key.startsWith("node.kubernetes.io/")).sort();
}

const POD = "hairpin-x7k2p";

/** hairpin as a DaemonSet has it, with the pod of this node. */
async function addDaemonSet(plane: ControlPlane): Promise<void> {
  const labels = { app: "hairpin" };
  const containers = [{ name: "hairpin", image: "hairpin" }];
  await plane.apply({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "hairpin", namespace: "default" },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  });
  const { metadata } = await plane.get<{ metadata: { uid: string } }>(
    "daemonset",
    "hairpin",
  );
  const owner = {
    ...{ apiVersion: "apps/v1", kind: "DaemonSet", name: "hairpin" },
    ...{ uid: metadata.uid, controller: true },
  };
  const node = "node-1";
  await plane.addPod({ name: POD, node, ips: ["10.0.0.9"], annotations: {} });
  await plane.kubectl([
    ...["patch", "pod", POD, "--type=merge", "-p"],
    JSON.stringify({ metadata: { ownerReferences: [owner] } }),
  ]);
}

const filesIn = async (folder: string): Promise<string[]> =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

const kubectlPatch = (plane: ControlPlane, patch: object) =>
  plane.kubectl([
    ...["patch", "daemonset", "hairpin", "--type=merge", "-p"],
    JSON.stringify({ spec: { template: { spec: patch } } }),
  ]);

const affinityFor = (zone: string) => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{
        matchExpressions: [{ key: "zone", operator: "In", values: [zone] }],
      }],
    },
  },
});

/** What happens to the DaemonSet or the node, and whether the plugin goes with the next end. */
const ENDS: readonly [
  what: string,
  change: (plane: ControlPlane) => Promise<unknown>,
  goes: boolean,
][] = [
  ["an update", () => Promise.resolve(), false],
  [
    "an affinity for this node",
    (plane) => kubectlPatch(plane, { affinity: affinityFor("a") }),
    false,
  ],
  [
    "an affinity for others",
    (plane) => kubectlPatch(plane, { affinity: affinityFor("b") }),
    true,
  ],
  [
    "a selector of this node",
    (plane) =>
      kubectlPatch(plane, { affinity: null, nodeSelector: { zone: "a" } }),
    false,
  ],
  [
    "a label that the node loses",
    (plane) => plane.kubectl(["label", "node", "node-1", "zone-"]),
    true,
  ],
  [
    "a taint that is not tolerated",
    async (plane) => {
      await kubectlPatch(plane, { nodeSelector: null });
      await plane.kubectl(["taint", "node", "node-1", "gpu=:NoSchedule"]);
    },
    true,
  ],
  [
    "a taint that is tolerated",
    (plane) =>
      kubectlPatch(plane, {
        tolerations: [{ key: "gpu", operator: "Exists" }],
      }),
    false,
  ],
  [
    "a deletion",
    // With its pods left: no controller is here that would end them.
    (plane) =>
      plane.kubectl([
        ...["delete", "daemonset", "hairpin"],
        ...["--cascade=orphan", "--wait=false"],
      ]),
    true,
  ],
];

Deno.test({
  name:
    "the plugin stays while hairpin's DaemonSet is for this node, and goes when it is not",
  ignore: skip !== undefined,
  async fn() {
    await using lab = await Lab.create();
    await using plane = await ControlPlane.start({ lab, istiod: false });
    const folder = await Deno.makeTempDir({ prefix: "hairpin-node-" });
    const start = () =>
      lab.startHairpin(lab.node("node-1"), {
        kubeconfig: plane.kubeconfig,
        env: { POD_NAME: POD, POD_NAMESPACE: "default" },
        flags: [
          `--cni-socket=${folder}/cni.sock`,
          `--cni-net-dir=${folder}/net.d`,
          `--cni-bin-dir=${folder}/bin`,
          "--cni-own-conf=02-hairpin.conflist",
          "--cni-at-end=auto",
        ],
      });
    try {
      await Deno.mkdir(`${folder}/net.d`);
      await Deno.mkdir(`${folder}/bin`);
      const network = { name: "n", plugins: [{ type: "bridge" }] };
      await Deno.writeTextFile(
        `${folder}/net.d/10-n.conflist`,
        JSON.stringify(network),
      );
      await plane.apply({
        apiVersion: "v1",
        kind: "Node",
        metadata: { name: "node-1", labels: { zone: "a" } },
      });
      await addDaemonSet(plane);
      for (const [what, change, goes] of ENDS) {
        {
          await using hairpin = await start();
          await hairpin.process.untilLog(/CNI plugin installed|ready/);
          const there = await filesIn(`${folder}/net.d`);
          assert.deepEqual(
            there,
            ["02-hairpin.conflist", "10-n.conflist"],
            what,
          );
          await change(plane);
        }
        const left = goes ? [] : ["02-hairpin.conflist"];
        const networks = [...left, "10-n.conflist"];
        assert.deepEqual(await filesIn(`${folder}/net.d`), networks, what);
        const programs = goes ? [] : ["hairpin-cni"];
        assert.deepEqual(await filesIn(`${folder}/bin`), programs, what);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name:
    "the taint goes with the plugin's installation, and what pods have open is kept and told of",
  ignore: skip !== undefined,
  async fn() {
    await using lab = await Lab.create();
    await using plane = await ControlPlane.start({ lab, istiod: false });
    const folder = await Deno.makeTempDir({ prefix: "hairpin-node-" });
    try {
      await Deno.mkdir(`${folder}/net.d`);
      await Deno.mkdir(`${folder}/bin`);
      await plane.apply({
        apiVersion: "v1",
        kind: "Node",
        metadata: { name: "node-1" },
      });
      const taints = [
        `${TAINT}=:NoSchedule`,
        `${TAINT}=:NoExecute`,
        "gpu=:NoSchedule",
      ];
      await plane.kubectl(["taint", "node", "node-1", ...taints]);
      const node = "node-1";
      const web = await lab.addPod({ name: "web", node, labels: LABELS });
      const client = await lab.addPod({ name: "client", node });
      await plane.addPod({
        ...{ name: "web", node, ips: web.ips, labels: LABELS },
        annotations: {},
      });
      const { metadata } = await plane.get<{ metadata: { uid: string } }>(
        "pod",
        "web",
      );
      await addProcess(`${folder}/proc`, 10, metadata.uid, web.netns);
      await using _server = await echoServer({ name: web.netns });
      await using open = await openConnection(
        { name: client.netns },
        web.ips[0]!,
      );

      const hairpin = await lab.startHairpin(lab.node("node-1"), {
        kubeconfig: plane.kubeconfig,
        flags: [
          `--host-proc=${folder}/proc`,
          `--cni-socket=${folder}/cni.sock`,
          `--cni-net-dir=${folder}/net.d`,
          `--cni-bin-dir=${folder}/bin`,
          "--cni-own-conf=02-hairpin.conflist",
          `--node-taint=${TAINT}`,
        ],
      });
      await using _ = hairpin;
      await hairpin.process.untilLog(/no network is there yet/);
      await hairpin.process.untilLog(/pod had connections open.*kept=1/);
      assert.deepEqual(await taintsOf(plane), [TAINT, TAINT, "gpu"]);
      assert.equal(await open.ask(), "echo");
      const metrics = parseMetrics(await hairpin.admin("/metrics"));
      const name = "hairpin_enrolment_open_connections_total";
      assert.equal(sumSamples(metrics, name, { fate: "kept" }), 1);
      await eventually(
        "an event",
        async () =>
          (await plane.kubectl(["get", "events", "-n", "default"]))
            .includes("open connections: 1 kept"),
        WAIT_MS,
      );

      const network = { name: "n", plugins: [{ type: "bridge" }] };
      const putNetwork = () =>
        Deno.writeTextFile(
          `${folder}/net.d/10-n.conflist`,
          JSON.stringify(network),
        );
      const untilTaintless = (what: string) =>
        eventually(what, async () => {
          const left = await taintsOf(plane);
          return left.length === 1 && left[0] === "gpu";
        }, WAIT_MS);
      await putNetwork();
      await untilTaintless("the taint off");
      const own = await Deno.readTextFile(
        `${folder}/net.d/02-hairpin.conflist`,
      );
      assert.match(own, /"type": "hairpin-cni"/);

      const taint = () => plane.kubectl(["taint", "node", node, taints[0]!]);
      await taint();
      await untilTaintless("the taint off again");

      // Until the plugin is installed again it stays.
      await Deno.remove(`${folder}/net.d/10-n.conflist`);
      await hairpin.process.untilLog(
        /CNI plugin not installed.*\n[^]*CNI plugin not installed/,
      );
      await taint();
      assert.deepEqual(await taintsOf(plane), [TAINT, "gpu"]);
      await putNetwork();
      await untilTaintless("the taint off a third time");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
