import assert from "node:assert/strict";
import { LocalCertificates } from "../../src/control/local_certificates.ts";
import { EMPTY_DELTA, type MeshDelta } from "../../src/model/delta.ts";
import { packDelta } from "../../src/model/packed_workload.ts";
import type { Workload } from "../../src/model/workload.ts";
import { pod } from "../support/sample_mesh.ts";

/** What the manager is asked, in order. */
function follow() {
  const asked: string[] = [];
  const local = new LocalCertificates({
    request: ({ serviceAccount }, priority) =>
      void asked.push(`${priority} ${serviceAccount}`),
    forget: ({ serviceAccount }) => void asked.push(`forget ${serviceAccount}`),
  }, "node-1");
  return {
    /** Applies a change and gives what it led to. */
    apply(delta: Partial<MeshDelta>): string[] {
      local.apply(packDelta({ ...EMPTY_DELTA, ...delta }));
      return asked.splice(0);
    },
  };
}

const here = (name: string, fields: Partial<Workload> = {}) =>
  pod(name, [], { node: "node-1", ...fields });

Deno.test("LocalCertificates asks for the certificates of this node's mesh workloads", () => {
  const { apply } = follow();
  const workloads = [
    here("a"),
    here("away", { node: "node-2" }),
    here("plain", { protocol: "TCP" }),
    here("waypoint", { protocol: "TCP", nativeTunnel: true }),
  ];
  assert.deepEqual(apply({ workloads }), ["warmup a", "warmup waypoint"]);
});

Deno.test("LocalCertificates asks nothing when only other things change", () => {
  const { apply } = follow();
  apply({ workloads: [here("a")] });
  assert.deepEqual(apply({ workloads: [here("a", { clusterId: "c2" })] }), []);
  assert.deepEqual(apply({ removedWorkloads: ["unknown"] }), []);
});

Deno.test("LocalCertificates lets go of an identity with its last workload", () => {
  const { apply } = follow();
  const second = here("a2", { serviceAccount: "a" });
  assert.deepEqual(apply({ workloads: [here("a"), second] }), [
    "warmup a",
    "warmup a",
  ]);
  assert.deepEqual(apply({ removedWorkloads: [second.uid] }), []);
  assert.deepEqual(apply({ removedWorkloads: [here("a").uid] }), ["forget a"]);
});

const leaving: [name: string, fields: Partial<Workload>][] = [
  ["moves to another node", { node: "node-2" }],
  ["leaves the mesh", { protocol: "TCP" }],
];
for (const [name, fields] of leaving) {
  Deno.test(`LocalCertificates lets go of a workload that ${name}`, () => {
    const { apply } = follow();
    apply({ workloads: [here("a")] });
    assert.deepEqual(apply({ workloads: [here("a", fields)] }), ["forget a"]);
    assert.deepEqual(apply({ removedWorkloads: [here("a").uid] }), []);
  });
}

Deno.test("LocalCertificates follows a workload to another account", () => {
  const { apply } = follow();
  apply({ workloads: [here("a")] });
  const renamed = here("a", { serviceAccount: "b" });
  assert.deepEqual(apply({ workloads: [renamed] }), ["forget a", "warmup b"]);
});
