import assert from "node:assert/strict";
import {
  readDaemonSetPod,
  readSchedulableNode,
  runsOn,
} from "../../src/kube/mod.ts";

const NODE = {
  metadata: {
    name: "node-1",
    labels: { zone: "a", size: "4", "kubernetes.io/os": "linux" },
  },
};
const TAINT = { key: "gpu", value: "yes", effect: "NoSchedule" };
const tainted = (...taints: object[]) => ({ ...NODE, spec: { taints } });

const affinity = (...nodeSelectorTerms: object[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 }],
    },
  },
});
const labels = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, values }],
});
const tolerations = (...all: object[]) => ({ tolerations: all });

const rows: [name: string, pod: object, node: object, runs: boolean][] = [
  ["asks for nothing", {}, NODE, true],
  ["names the node", { nodeName: "node-1" }, NODE, true],
  ["names another node", { nodeName: "node-2" }, NODE, false],
  ["selects the node", { nodeSelector: { zone: "a" } }, NODE, true],
  ["selects others", { nodeSelector: { zone: "b" } }, NODE, false],
  ["selects a label that is gone", { nodeSelector: { x: "" } }, NODE, false],
  ["wants In", affinity(labels("zone", "In", "b", "a")), NODE, true],
  ["wants In others", affinity(labels("zone", "In", "b")), NODE, false],
  ["wants In of no label", affinity(labels("x", "In", "b")), NODE, false],
  ["wants NotIn", affinity(labels("zone", "NotIn", "a")), NODE, false],
  ["wants NotIn of no label", affinity(labels("x", "NotIn", "a")), NODE, true],
  ["wants Exists", affinity(labels("zone", "Exists")), NODE, true],
  ["wants Exists of no label", affinity(labels("x", "Exists")), NODE, false],
  ["wants DoesNotExist", affinity(labels("zone", "DoesNotExist")), NODE, false],
  ["wants Gt", affinity(labels("size", "Gt", "3")), NODE, true],
  ["wants Gt of as much", affinity(labels("size", "Gt", "4")), NODE, false],
  ["wants Lt", affinity(labels("size", "Lt", "5")), NODE, true],
  ["wants Lt of no number", affinity(labels("zone", "Lt", "5")), NODE, false],
  [
    "wants what is not known",
    affinity(labels("zone", "Like", "b")),
    NODE,
    true,
  ],
  [
    "has a term that fits",
    affinity(labels("x", "Exists"), labels("zone", "Exists")),
    NODE,
    true,
  ],
  ["has an empty term", affinity({}), NODE, false],
  ["has no terms", affinity(), NODE, false],
  [
    "wants a field",
    affinity({
      matchFields: [{
        key: "metadata.name",
        operator: "In",
        values: ["node-1"],
      }],
    }),
    NODE,
    true,
  ],
  [
    "wants another node by its field",
    affinity({
      matchFields: [{
        key: "metadata.name",
        operator: "In",
        values: ["node-2"],
      }],
    }),
    NODE,
    false,
  ],
  ["does not tolerate a taint", {}, tainted(TAINT), false],
  [
    "does not tolerate NoExecute",
    {},
    tainted({ key: "x", effect: "NoExecute" }),
    false,
  ],
  [
    "meets a mere preference",
    {},
    tainted({ ...TAINT, effect: "PreferNoSchedule" }),
    true,
  ],
  [
    "meets a taint that passes",
    {},
    tainted({ key: "passing", effect: "NoExecute" }),
    true,
  ],
  ["tolerates all", tolerations({ operator: "Exists" }), tainted(TAINT), true],
  [
    "tolerates the key",
    tolerations({ key: "gpu", operator: "Exists" }),
    tainted(TAINT),
    true,
  ],
  [
    "tolerates the value",
    tolerations({ key: "gpu", value: "yes" }),
    tainted(TAINT),
    true,
  ],
  [
    "tolerates another value",
    tolerations({ key: "gpu", value: "no" }),
    tainted(TAINT),
    false,
  ],
  [
    "tolerates another key",
    tolerations({ key: "x", operator: "Exists" }),
    tainted(TAINT),
    false,
  ],
  [
    "tolerates another effect",
    tolerations({ operator: "Exists", effect: "NoExecute" }),
    tainted(TAINT),
    false,
  ],
];
for (const [name, pod, node, runs] of rows) {
  Deno.test(`runsOn() is ${runs} for a DaemonSet that ${name}`, () => {
    const read = readDaemonSetPod({ spec: { template: { spec: pod } } });
    const found = readSchedulableNode(node);
    assert.ok(read && found);
    assert.equal(runsOn(read, found, (key) => key === "passing"), runs);
  });
}

Deno.test("readDaemonSetPod() and readSchedulableNode() know what is none", () => {
  for (const value of [undefined, 7, [], {}, { spec: { template: 7 } }]) {
    assert.equal(readDaemonSetPod(value), undefined);
  }
  for (const value of [undefined, {}, { metadata: NODE.metadata, spec: 7 }]) {
    assert.equal(readSchedulableNode(value), undefined);
  }
});
