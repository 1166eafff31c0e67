import assert from "node:assert/strict";
import { MeshStore } from "../../src/control/mesh_store.ts";
import { EMPTY_DELTA, type MeshDelta } from "../../src/model/delta.ts";
import { ip, pod, service } from "../support/sample_mesh.ts";

const resources = (content: Partial<MeshDelta>) => ({
  ...EMPTY_DELTA,
  ...content,
});

function makeStore() {
  const published: MeshDelta[] = [];
  const store = new MeshStore((delta) => {
    // Whoever is told may look: the store has it by then.
    for (const workload of delta.workloads) {
      assert.equal(store.mesh.workloadByUid(workload.uid), workload);
    }
    published.push(delta);
  });
  return { store, published };
}

const [a, b] = [pod("a", ["10.0.0.1"]), pod("b", ["10.0.0.2"])];

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
  assert.equal(store.mesh.workloadByIp("", ip("10.0.0.3")), moved);
  assert.equal(store.mesh.workloadByUid(a.uid), undefined);
});

Deno.test("MeshStore does not publish what changes nothing", () => {
  const { store, published } = makeStore();
  store.replace("files", resources({ workloads: [a] }));
  store.replace("files", resources({ workloads: [pod("a", ["10.0.0.1"])] }));
  store.apply(EMPTY_DELTA);
  store.replace("others", EMPTY_DELTA);
  assert.equal(published.length, 1);
});

Deno.test("MeshStore keeps what another source says", () => {
  const { store } = makeStore();
  store.replace("files", resources({ workloads: [a] }));
  store.replace("local", resources({ workloads: [b] }));
  store.replace("files", EMPTY_DELTA);
  assert.deepEqual([...store.mesh.workloads.values()], [b]);
});
