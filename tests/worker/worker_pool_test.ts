import assert from "node:assert/strict";
import { EMPTY_DELTA, type MeshDelta } from "../../src/model/delta.ts";
import { MeshState } from "../../src/model/mesh_state.ts";
import { packDelta } from "../../src/model/packed_workload.ts";
import { packRoutes } from "../../src/decide/http/pack_routes.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { MESH_SLICE_MAX } from "../../src/worker/limits.ts";
import type { ToWorker } from "../../src/worker/messages.ts";
import { WorkerError } from "../../src/worker/worker_handle.ts";
import {
  WorkerPool,
  type WorkerPoolOptions,
} from "../../src/worker/worker_pool.ts";
import { pod } from "../support/sample_mesh.ts";
import { waypointOrders } from "../support/waypoint_view.ts";
import { exact, match, route, rule, set } from "../decide/http/routes.ts";
import {
  LIMITS,
  NO_FD,
  podOf,
  SCRIPTED,
  SETTINGS,
  toldOf,
  until,
} from "./worker_support.ts";

/** A pool of scripted workers over a mesh of the test's. */
class TestPool implements Disposable {
  readonly mesh = new MeshState();
  readonly pool: WorkerPool;
  readyChanges = 0;
  readonly #lines: string[] = [];
  readonly #logging = createLogging({
    format: "plain",
    filter: "debug",
    write: (text) => this.#lines.push(text),
    now: () => new Date(0),
  });

  constructor(fields: Partial<WorkerPoolOptions> = {}) {
    this.pool = new WorkerPool({
      count: 2,
      settings: SETTINGS,
      entry: SCRIPTED,
      mesh: this.mesh,
      certificates: () => [],
      wantCertificate() {},
      onReadyChange: () => this.readyChanges++,
      log: this.#logging.scope("worker"),
      limits: LIMITS,
      ...fields,
    });
  }

  /** As the control thread does: the pool's own mesh first. */
  apply(delta: Partial<MeshDelta>): Promise<void> {
    const whole = { ...EMPTY_DELTA, ...delta };
    this.mesh.apply(whole);
    this.pool.applyMesh(packDelta(whole));
    return this.pool.meshTaken();
  }

  /** What each worker was told so far. */
  async told(): Promise<ToWorker[][]> {
    return (await this.pool.snapshots()).map(toldOf);
  }

  log(): string {
    this.#logging.flush();
    return this.#lines.join("");
  }

  [Symbol.dispose](): void {
    this.pool.terminate();
  }
}

/** The mesh as the messages leave it. */
function meshOf(messages: readonly ToWorker[]): MeshState {
  const mesh = new MeshState();
  for (const message of messages) {
    if (message.kind === "mesh") mesh.applyPacked(message.delta);
  }
  return mesh;
}

const kindsOf = (messages: readonly ToWorker[]) =>
  messages.map(({ kind }) => kind).filter((kind) => kind !== "snapshot");

const servedBy = (messages: readonly ToWorker[]) =>
  messages.flatMap((message) =>
    message.kind === "serve" ? [message.pod.uid] : []
  );

const many = (count: number, address: string) =>
  Array.from({ length: count }, (_, i) => pod(`p${i}`, [address]));

Deno.test("WorkerPool starts every worker, and tells all of everything", async () => {
  using test = new TestPool();
  assert.equal(test.pool.ready, false);
  await test.pool.start();
  assert.equal(test.pool.ready, true);
  await test.apply({ workloads: [pod("a", ["10.0.0.1"])] });
  test.pool.putCertificate("spiffe://a", { at: "initializing" });
  test.pool.putCertificate("spiffe://a", undefined);
  test.pool.setLogFilter("debug");
  await test.pool.serve(podOf("a"), NO_FD);
  await test.pool.stop("a");
  for (const messages of await test.told()) {
    assert.deepEqual(kindsOf(messages), [
      ...["start", "mesh", "certificate", "certificate"],
      ...["log-filter", "serve", "stop"],
    ]);
  }
});

Deno.test("WorkerPool.setWaypoint() tells what is new, and nothing else", async () => {
  using test = new TestPool();
  await test.pool.start();
  const ordersOf = (path: string) => {
    const matches = [match({ path: exact(path) })];
    const routes = packRoutes([set([route("r", [rule("", matches)])])]);
    return waypointOrders({ routes });
  };
  const first = ordersOf("/a");
  assert.equal(test.pool.setWaypoint(first), first);
  assert.equal(test.pool.setWaypoint(ordersOf("/a")), first);
  const second = ordersOf("/b");
  assert.equal(test.pool.setWaypoint(second), second);
  assert.equal(test.pool.waypointOrders, second);
  test.pool.setWaypoint(first);
  for (const told of await test.told()) {
    const texts = told.flatMap((message) =>
      message.kind === "waypoint" ? [message.orders.routes.routes.text] : []
    );
    assert.deepEqual(
      texts,
      [first, second, first].map(({ routes }) => routes.routes.text),
    );
  }
});

Deno.test("WorkerPool sends changes in the order in which they came, in slices", async () => {
  using test = new TestPool({ count: 1 });
  await test.pool.start();
  const count = 3 * MESH_SLICE_MAX;
  // The second comes while the first is on its way, and changes its tail.
  const first = test.apply({ workloads: many(count, "10.0.0.1") });
  const last = pod(`p${count - 1}`, ["10.0.0.2"]);
  const second = test.apply({ workloads: [last] });
  const third = test.apply({ removedWorkloads: [pod("p0", []).uid] });
  await Promise.all([first, second, third]);
  const [messages] = await test.told();
  const mesh = meshOf(messages!);
  assert.deepEqual(mesh.workloadByUid(last.uid)?.ips, ["10.0.0.2"]);
  assert.equal(mesh.workloadByUid(pod("p0", []).uid), undefined);
  assert.equal(mesh.workloads.size, count - 1);
  assert.equal(kindsOf(messages!).filter((k) => k === "mesh").length, 5);
});

Deno.test("WorkerPool.ordersTaken() waits for the last of all orders", async () => {
  using test = new TestPool({ count: 1 });
  await test.pool.start();
  void test.apply({ workloads: many(MESH_SLICE_MAX + 1, "10.0.0.1") });
  test.pool.setWaypoint(waypointOrders({}));
  await test.pool.ordersTaken();
  const [messages] = await test.told();
  assert.equal(meshOf(messages!).workloads.size, MESH_SLICE_MAX + 1);
  assert.deepEqual(kindsOf(messages!), [
    ...["start", "waypoint", "mesh", "mesh", "mesh"],
  ]);
});

Deno.test("WorkerPool.serve() leaves a pod that one worker cannot serve served by none", async () => {
  using test = new TestPool();
  await test.pool.start();
  await assert.rejects(test.pool.serve(podOf("fails"), NO_FD), (reason) => {
    assert.ok(reason instanceof WorkerError);
    assert.equal(reason.message, "port taken");
    return true;
  });
  for (const messages of await test.told()) {
    assert.deepEqual(kindsOf(messages), ["start", "serve", "stop"]);
  }
});

Deno.test("WorkerPool replaces a worker that crashed, and tells the new one all", async () => {
  const state = { at: "unavailable", why: "test" } as const;
  using test = new TestPool({
    count: 1,
    certificates: () => [["spiffe://a", state] as const],
  });
  await test.pool.start();
  await test.apply({ workloads: many(2 * MESH_SLICE_MAX, "10.0.0.1") });
  test.pool.setLogFilter("trace");
  await test.pool.serve(podOf("a"), NO_FD);
  await test.pool.serve(podOf("b"), NO_FD);
  await test.pool.stop("b");
  const before = test.readyChanges;
  // Crashes the first worker, and not the next, which is not told of it.
  await test.pool.serve(podOf("crashes"), NO_FD).catch(() => {});
  await test.pool.stop("crashes");
  await until(() => test.readyChanges >= before + 2 && test.pool.ready);
  const [messages] = await test.told();
  const [start] = messages!;
  assert.ok(start?.kind === "start" && start.settings.log.filter === "trace");
  assert.equal(meshOf(messages!).workloads.size, 2 * MESH_SLICE_MAX);
  assert.ok(messages!.some((m) => m.kind === "certificate"));
  assert.deepEqual(servedBy(messages!), ["a"]);
  assert.match(test.log(), /data worker died, replacing it/);
  // And it hears what follows.
  await test.apply({ removedWorkloads: [pod("p0", []).uid] });
  const [later] = await test.told();
  assert.equal(meshOf(later!).workloads.size, 2 * MESH_SLICE_MAX - 1);
});

Deno.test("WorkerPool goes on with the others while one is replaced", async () => {
  using test = new TestPool();
  await test.pool.start();
  await test.pool.serve(podOf("crashes worker-1"), NO_FD);
  assert.equal(test.pool.ready, false);
  await test.pool.stop("crashes worker-1");
  assert.equal((await test.told()).length, 1);
  await until(() => test.pool.ready);
  const served = (await test.told()).map(servedBy);
  assert.deepEqual(served, [["crashes worker-1"], []]);
});

Deno.test("WorkerPool.serve() does not take a dead worker for an excuse of a live one", async () => {
  using test = new TestPool();
  await test.pool.start();
  await test.pool.serve(podOf("crashes worker-1"), NO_FD);
  await test.pool.stop("crashes worker-1");
  await assert.rejects(test.pool.serve(podOf("fails"), NO_FD), /port taken/);
});

Deno.test("WorkerPool starts a worker although it cannot serve one of the pods", async () => {
  using test = new TestPool({ count: 1 });
  await test.pool.start();
  await test.pool.serve(podOf("a"), NO_FD);
  // The first worker dies of the order, so that "fails" stays for the next.
  await Promise.all([
    test.pool.serve(podOf("crashes"), NO_FD),
    test.pool.serve(podOf("fails"), NO_FD),
  ]);
  const gone = test.pool.stop("crashes");
  await until(() => test.pool.ready);
  await gone;
  const [messages] = await test.told();
  assert.deepEqual(servedBy(messages!), ["a", "fails"]);
  assert.match(test.log(), /cannot serve a pod.*port taken/);
});

Deno.test("WorkerPool.start() throws when the workers do not come up", async () => {
  const entry = new URL("./no_such_worker.ts", import.meta.url);
  using test = new TestPool({ entry });
  await assert.rejects(test.pool.start(), WorkerError);
  assert.equal(test.pool.ready, false);
});

Deno.test("WorkerPool.terminate() also ends a worker that is about to be replaced", async () => {
  using test = new TestPool({ count: 1 });
  await test.pool.start();
  await test.pool.serve(podOf("crashes"), NO_FD);
  assert.equal(test.pool.ready, false);
  test.pool.terminate(); // the test's sanitizers find what is left behind
});

Deno.test("WorkerPool.terminate() also ends a worker that is starting", async () => {
  using test = new TestPool({ count: 1 });
  const starting = test.pool.start();
  test.pool.terminate();
  await assert.rejects(starting, /terminated/);
  assert.equal(test.pool.ready, false);
});

Deno.test("WorkerPool.drain() drains every worker, and is not ready any more", async () => {
  using test = new TestPool();
  await test.pool.start();
  await test.pool.drain(10);
  assert.equal(test.pool.ready, false);
  for (const messages of await test.told()) {
    assert.deepEqual(kindsOf(messages), ["start", "drain"]);
  }
});
