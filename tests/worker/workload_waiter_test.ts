import assert from "node:assert/strict";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { MeshState } from "../../src/model/mesh_state.ts";
import { WorkloadWaiter } from "../../src/worker/workload_waiter.ts";
import { pod } from "../support/sample_mesh.ts";

const INFO = {
  uid: "u1",
  name: "web",
  namespace: "ns1",
  serviceAccount: "web",
};
const web = pod("web", ["10.0.0.2"], { node: "node-1" });

function makeWaiter(node: string | undefined = "node-1", waitMs?: number) {
  const mesh = new MeshState();
  const waiter = new WorkloadWaiter(mesh, node, waitMs);
  return {
    waiter,
    learn(workload: typeof web) {
      mesh.apply({ ...EMPTY_DELTA, workloads: [workload] });
      waiter.look();
    },
  };
}

Deno.test("WorkloadWaiter.find() gives a record that is there", async () => {
  const { waiter, learn } = makeWaiter();
  learn(web);
  assert.deepEqual(await waiter.find(INFO), web);
});

Deno.test("WorkloadWaiter.find() waits for a record that comes later, for all who ask", async () => {
  const { waiter, learn } = makeWaiter();
  const other = { ...INFO, name: "other", serviceAccount: "other" };
  const found = [waiter.find(INFO), waiter.find(INFO)];
  const otherFound = waiter.find(other);
  learn(web);
  assert.deepEqual(await Promise.all(found), [web, web]);
  const late = pod("other", ["10.0.0.3"], { node: "node-1" });
  learn(late);
  assert.deepEqual(await otherFound, late);
});

const strangers: [name: string, workload: typeof web][] = [
  ["of another node", { ...web, node: "node-2" }],
  ["with another account", { ...web, serviceAccount: "db" }],
  ["of another namespace", { ...web, namespace: "ns2" }],
];
for (const [name, workload] of strangers) {
  Deno.test(`WorkloadWaiter.find() does not take a record ${name}`, async () => {
    const { waiter, learn } = makeWaiter("node-1", 20);
    learn(workload);
    assert.equal(await waiter.find(INFO), undefined);
  });
}

Deno.test("WorkloadWaiter.find() takes a record of any node where none is named", async () => {
  const mesh = new MeshState();
  const waiter = new WorkloadWaiter(mesh, undefined);
  const away = { ...web, node: "node-9" };
  mesh.apply({ ...EMPTY_DELTA, workloads: [away] });
  assert.deepEqual(await waiter.find(INFO), away);
});

Deno.test("WorkloadWaiter.find() gives up, and can be asked anew", async () => {
  const { waiter, learn } = makeWaiter("node-1", 20);
  assert.equal(await waiter.find(INFO), undefined);
  const again = waiter.find(INFO);
  learn(web);
  assert.deepEqual(await again, web);
});
