import assert from "node:assert/strict";
import { WorkerError, WorkerHandle } from "../../src/worker/worker_handle.ts";
import {
  LIMITS,
  NO_FD,
  podOf,
  SCRIPTED,
  SETTINGS,
  toldOf,
  until,
} from "./worker_support.ts";

/** A started worker, and how it died. */
async function makeWorker(limits = LIMITS) {
  const deaths: string[] = [];
  const handle = new WorkerHandle(SCRIPTED, "w", {
    onMessage() {},
    onDeath: (why) => deaths.push(why),
  }, limits);
  await handle.start(SETTINGS);
  return {
    handle,
    deaths,
    serve: (uid: string) =>
      handle.serve({ kind: "serve", pod: podOf(uid), netns: NO_FD }),
    [Symbol.dispose]: () => handle.terminate(),
  };
}

Deno.test("WorkerHandle gives orders and hears answers", async () => {
  using worker = await makeWorker();
  await worker.serve("a");
  await worker.handle.stop("a");
  await worker.handle.drain(5);
  const told = toldOf((await worker.handle.snapshot())!);
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ["start", "serve", "stop", "drain", "snapshot"],
  );
  assert.deepEqual(worker.deaths, []);
});

Deno.test("WorkerHandle.serve() throws what the worker says", async () => {
  using worker = await makeWorker();
  await assert.rejects(worker.serve("fails"), (reason) => {
    assert.ok(reason instanceof WorkerError);
    assert.equal(reason.message, "port taken");
    return true;
  });
  assert.deepEqual(worker.deaths, []);
});

Deno.test("WorkerHandle hears the answer to each of two equal orders", async () => {
  using worker = await makeWorker();
  await Promise.all([worker.handle.stop("slow"), worker.handle.stop("slow")]);
  await Promise.all([worker.serve("a"), worker.serve("a")]);
  assert.deepEqual(worker.deaths, []);
});

Deno.test("WorkerHandle tells once of a crash, and fails what waits", async () => {
  using worker = await makeWorker();
  const waiting = worker.handle.stop("stays");
  waiting.catch(() => {});
  await assert.rejects(worker.serve("crashes"), /the worker is gone/);
  await assert.rejects(waiting, /the worker is gone/);
  assert.equal(worker.deaths.length, 1);
  assert.match(worker.deaths[0]!, /a bug/);
  assert.ok(worker.handle.dead);
  await assert.rejects(worker.serve("a"), /the worker is gone/);
  worker.handle.post({ kind: "ping", id: 1 });
  worker.handle.terminate();
  assert.equal(worker.deaths.length, 1);
});

Deno.test("WorkerHandle gives up a worker that shows no sign of life", async () => {
  using worker = await makeWorker({ ...LIMITS, pingTimeoutMs: 300 });
  await assert.rejects(
    worker.serve("hangs"),
    /the worker is gone: no sign of life/,
  );
  assert.equal(worker.deaths.length, 1);
});

Deno.test("WorkerHandle gives up a worker that does not stop a pod", async () => {
  using worker = await makeWorker({ ...LIMITS, answerMs: 100 });
  await assert.rejects(
    worker.handle.stop("stays"),
    /no answer to "stop stays"/,
  );
  assert.equal(worker.deaths.length, 1);
});

Deno.test("WorkerHandle does not wait for ever for another answer, and keeps the worker", async () => {
  using worker = await makeWorker({ ...LIMITS, answerMs: 100 });
  await assert.rejects(worker.serve("hangs"), /no answer to "serve hangs"/);
  assert.deepEqual(worker.deaths, []);
});

Deno.test("WorkerHandle.terminate() ends the thread without a death", async () => {
  using worker = await makeWorker();
  const waiting = worker.handle.stop("stays");
  worker.handle.terminate();
  await assert.rejects(waiting, /the worker is gone: terminated/);
  assert.deepEqual(worker.deaths, []);
});

Deno.test("WorkerHandle.start() throws when the module cannot be loaded", async () => {
  const deaths: string[] = [];
  const missing = new URL("./no_such_worker.ts", import.meta.url);
  const handle = new WorkerHandle(missing, "w", {
    onMessage() {},
    onDeath: (why) => deaths.push(why),
  }, LIMITS);
  await assert.rejects(handle.start(SETTINGS), /the worker is gone/);
  await until(() => deaths.length === 1);
  assert.ok(handle.dead);
});
