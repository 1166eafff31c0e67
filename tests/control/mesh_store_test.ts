import assert from "node:assert/strict";
import { MeshStore } from "../../src/control/mesh_store.ts";
import { EMPTY_DELTA, type MeshDelta } from "../../src/model/delta.ts";
import { unpackDelta } from "../../src/model/packed_workload.ts";
import type { Policy } from "../../src/model/policy.ts";
import { serviceKey } from "../../src/model/service.ts";
import { ip, pod, service } from "../support/sample_mesh.ts";

const resources = (content: Partial<MeshDelta>) => ({
  ...EMPTY_DELTA,
  ...content,
});

function makeStore() {
  const published: MeshDelta[] = [];
  const store = new MeshStore((packed) => {
    const delta = unpackDelta(packed);
    // Whoever is told may look: the store has it by then.
    for (const workload of delta.workloads) {
      assert.deepEqual(store.mesh.workloadByUid(workload.uid), workload);
    }
    published.push(delta);
  });
  return { store, published };
}

const [a, b] = [pod("a", ["10.0.0.1"]), pod("b", ["10.0.0.2"])];

const web = service("web", []);
const denyAll: Policy = {
  key: "default/deny-all",
  name: "deny-all",
  namespace: "default",
  scope: "Namespace",
  action: "Deny",
  dryRun: false,
  rules: [],
};

Deno.test("MeshStore publishes the least change, after it has taken it", () => {
  const { store, published } = makeStore();
  store.replace("files", resources({ workloads: [a, b] }));
  const moved = pod("b", ["10.0.0.3"]);
  store.replace(
    "files",
    resources({ workloads: [moved], services: [service("web", [])] }),
  );
  assert.equal(published.length, 2);
  assert.deepEqual(published[1], {
    ...EMPTY_DELTA,
    workloads: [moved],
    services: [service("web", [])],
    removedWorkloads: [a.uid],
  });
  assert.deepEqual(store.mesh.workloadByIp("", ip("10.0.0.3")), moved);
  assert.equal(store.mesh.workloadByUid(a.uid), undefined);
});

Deno.test("MeshStore does not publish what changes nothing", () => {
  const { store, published } = makeStore();
  store.replace("files", resources({ workloads: [a] }));
  store.replace("files", resources({ workloads: [pod("a", ["10.0.0.1"])] }));
  store.update("files", EMPTY_DELTA);
  store.replace("others", EMPTY_DELTA);
  assert.equal(published.length, 1);
});

Deno.test("MeshStore publishes what is gone, by key", () => {
  const { store, published } = makeStore();
  const content = { workloads: [a], services: [web], policies: [denyAll] };
  store.replace("files", resources(content));
  assert.deepEqual(published, [resources(content)]);
  store.replace("files", EMPTY_DELTA);
  assert.deepEqual(
    published[1],
    resources({
      removedWorkloads: [a.uid],
      removedServices: [serviceKey(web)],
      removedPolicies: ["default/deny-all"],
    }),
  );
});

Deno.test("MeshStore keeps what another source says", () => {
  const { store } = makeStore();
  store.replace("files", resources({ workloads: [a] }));
  store.replace("local", resources({ workloads: [b] }));
  store.replace("files", EMPTY_DELTA);
  assert.deepEqual([...store.mesh.workloads.values()], [b]);
});

Deno.test("MeshStore falls back to the source that still has a thing", () => {
  const { store, published } = makeStore();
  const moved = pod("a", ["10.0.0.9"]);
  const ways: [put: Partial<MeshDelta>, other: Partial<MeshDelta>][] = [
    [{ workloads: [a] }, { workloads: [moved] }],
    [{ services: [web] }, { services: [service("web", ["10.1.0.1"])] }],
    [{ policies: [denyAll] }, { policies: [{ ...denyAll, dryRun: true }] }],
  ];
  for (const [put, other] of ways) {
    store.replace("files", resources(put));
    store.replace("xDS", resources(other));
    published.length = 0;
    store.replace("xDS", EMPTY_DELTA);
    assert.deepEqual(published, [resources(put)]);
    store.replace("files", EMPTY_DELTA);
    assert.equal(published.length, 2);
  }
  assert.equal(store.mesh.workloads.size, 0);
});

Deno.test("MeshStore leaves a thing alone that a source without it removes", () => {
  const { store, published } = makeStore();
  store.replace("files", resources({ workloads: [a] }));
  store.update("xDS", resources({ removedWorkloads: [a.uid] }));
  assert.equal(published.length, 1);
  assert.deepEqual(store.mesh.workloadByUid(a.uid), a);
});

Deno.test("MeshStore takes steps, and publishes no repetition of one", () => {
  const { store, published } = makeStore();
  store.update("xDS", resources({ workloads: [a, b], policies: [denyAll] }));
  store.update(
    "xDS",
    resources({ workloads: [pod("a", ["10.0.0.1"])], policies: [denyAll] }),
  );
  assert.equal(published.length, 1);
  const moved = pod("b", ["10.0.0.3"]);
  store.update(
    "xDS",
    resources({ workloads: [a, moved], removedWorkloads: [a.uid] }),
  );
  assert.deepEqual(
    published[1],
    resources({ workloads: [moved], removedWorkloads: [a.uid] }),
  );
});
