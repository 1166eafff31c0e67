import assert from "node:assert/strict";
import { podWithNetwork } from "../../../src/modes/check/callers.ts";
import { parseDump } from "../../../src/view/mod.ts";
import { ip } from "../../support/sample_mesh.ts";

const workload = (kind: string, networkMode = "Standard") => ({
  uid: `Kubernetes//${kind}/shop/cart`,
  ...{ name: "cart", namespace: "shop", workloadIps: ["10.0.0.1"] },
  networkMode,
});

const rows: readonly [
  name: string,
  workload: object,
  at: string,
  pod: string | undefined,
][] = [
  ["a pod by its address", workload("Pod"), "10.0.0.1", "shop/cart"],
  ["no pod by another address", workload("Pod"), "10.0.0.2", undefined],
  [
    "no pod of the node's own network",
    workload("Pod", "HostNetwork"),
    "10.0.0.1",
    undefined,
  ],
  [
    "no machine that has an entry in the mesh",
    workload("WorkloadEntry"),
    "10.0.0.1",
    undefined,
  ],
];
for (const [name, row, at, pod] of rows) {
  Deno.test(`podWithNetwork() finds ${name}`, () => {
    const { workloads } = parseDump(JSON.stringify({ workloads: [row] }));
    assert.equal(podWithNetwork(workloads, [ip(at)]), pod);
  });
}
