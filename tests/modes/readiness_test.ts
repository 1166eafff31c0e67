import assert from "node:assert/strict";
import { Readiness } from "../../src/modes/readiness.ts";
import { createLogging } from "../../src/telemetry/log.ts";

function makeReadiness() {
  const writes: string[] = [];
  const logging = createLogging({
    format: "plain",
    filter: "info",
    write: (text) => writes.push(text),
    now: () => new Date(0),
  });
  const lines = () => {
    logging.flush();
    return writes.splice(0).join("").trim().split("\n").map((line) =>
      line.split("\t").slice(1, 4).join(" ")
    );
  };
  return { readiness: new Readiness(logging.scope("app")), lines };
}

Deno.test("Readiness is ready when every task is done, and says how many are awaited", () => {
  const { readiness, lines } = makeReadiness();
  assert.deepEqual(readiness.pending(), [
    "data workers",
    "state manager",
    "workload proxy manager",
  ]);
  readiness.set("state manager", true);
  readiness.set("state manager", true);
  readiness.set("data workers", true);
  readiness.set("workload proxy manager", true);
  assert.deepEqual(readiness.pending(), []);
  assert.deepEqual(lines(), [
    "info app Task 'state manager' complete, still awaiting 2 tasks",
    "info app Task 'data workers' complete, still awaiting 1 tasks",
    "info app Task 'workload proxy manager' complete, marking server ready",
  ]);
});

Deno.test("Readiness can be lost and come back", () => {
  const { readiness, lines } = makeReadiness();
  for (const task of readiness.pending()) {
    readiness.set(task as Parameters<typeof readiness.set>[0], true);
  }
  lines();
  readiness.set("data workers", false);
  assert.deepEqual(readiness.pending(), ["data workers"]);
  readiness.set("data workers", true);
  assert.deepEqual(lines(), [
    "warn app Task 'data workers' is pending again",
    "info app Task 'data workers' complete, marking server ready",
  ]);
});

Deno.test("Readiness is not ready any more once it drains", () => {
  const { readiness } = makeReadiness();
  for (const task of readiness.pending()) {
    readiness.set(task as Parameters<typeof readiness.set>[0], true);
  }
  readiness.drain();
  assert.deepEqual(readiness.pending(), ["draining"]);
});

Deno.test("Readiness tells each time that it is ready, also when it is ready again", () => {
  const { readiness } = makeReadiness();
  let told = 0;
  readiness.onReady(() => told++);
  readiness.set("state manager", true);
  readiness.set("data workers", true);
  assert.equal(told, 0);
  readiness.set("workload proxy manager", true);
  assert.equal(told, 1);
  readiness.set("workload proxy manager", false);
  readiness.set("workload proxy manager", true);
  assert.equal(told, 2);
  readiness.drain();
  readiness.set("data workers", false);
  readiness.set("data workers", true);
  assert.equal(told, 2);
});
