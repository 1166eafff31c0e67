import assert from "node:assert/strict";
import type { KubeRequest } from "../../../src/control/kube_api/client.ts";
import {
  type StatusRecord,
  StatusWriter,
} from "../../../src/control/kube_api/mod.ts";
import type { StatusPlan } from "../../../src/kube/mod.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { failed } from "./fake_api.ts";

const record = (name: string, more: Partial<StatusRecord> = {}) => ({
  kind: "HTTPRoute" as const,
  apiVersion: "gateway.networking.k8s.io/v1",
  namespace: "n",
  name,
  resourceVersion: "1",
  generation: 1,
  status: {},
  ...more,
});

/** Wants the status `{ said: words }` of everything. */
const says = (words: string): StatusPlan => ({ status }, now) =>
  status.said === words ? undefined : { said: words, lastTransitionTime: now };

function setUp(records: StatusRecord[]) {
  const clock = new FakeClock();
  const requests: KubeRequest[] = [];
  const logs: string[] = [];
  const failures: (number | undefined)[] = [];
  const ending = new AbortController();
  let answer = (_request: KubeRequest): unknown => ({});
  const say = (message: string) => void logs.push(message);
  const log = {
    ...{ error: say, warn: say, info: say, debug() {}, trace() {} },
    enabled: () => true,
    within: () => log,
  };
  const writer = new StatusWriter({
    api: {
      async json(request) {
        requests.push(request);
        await Promise.resolve();
        return answer(request);
      },
      watch: () => Promise.reject(new Error("nothing is watched")),
    },
    clock,
    random: () => 0.5,
    log,
    fieldManager: "hairpin-waypoint",
    records: () => records,
    onFailure: (_kind, status) => void failures.push(status),
    signal: ending.signal,
  });
  return {
    clock,
    requests,
    logs,
    failures,
    writer,
    ending,
    records,
    answerWith: (next: typeof answer) => (answer = next),
    /** What a watch shows: a record in place of another. */
    async show(at: number, more: Partial<StatusRecord>) {
      records[at] = { ...records[at]!, ...more };
      writer.look();
      await settle();
    },
  };
}

Deno.test("StatusWriter writes what differs, upon the version that it saw", async () => {
  const t = setUp([record("a"), record("b", { status: { said: "x" } })]);
  t.writer.follow(says("x"));
  await settle();
  assert.equal(t.requests.length, 1);
  assert.deepEqual(t.requests[0], {
    verb: "patch",
    resource: "httproutes.gateway.networking.k8s.io/status",
    path:
      "/apis/gateway.networking.k8s.io/v1/namespaces/n/httproutes/a/status?fieldManager=hairpin-waypoint",
    patch: {
      metadata: { resourceVersion: "1" },
      status: { said: "x", lastTransitionTime: "2026-01-01T00:00:00Z" },
    },
  });
});

Deno.test("StatusWriter waits for news before it writes again", async () => {
  const t = setUp([record("a")]);
  t.writer.follow(says("x"));
  await settle();
  for (let turn = 0; turn < 20; turn++) {
    t.writer.look();
    await t.clock.advance(60_000);
  }
  assert.equal(t.requests.length, 1);
  await t.show(0, { resourceVersion: "2", status: { said: "x" } });
  await t.clock.advance(60_000);
  assert.equal(t.requests.length, 1);
  t.writer.follow(says("y"));
  await settle();
  assert.equal(t.requests.length, 2);
});

Deno.test("StatusWriter leaves a conflict to the next version", async () => {
  const t = setUp([record("a")]);
  t.answerWith(() => {
    throw failed(409);
  });
  t.writer.follow(says("x"));
  await settle();
  await t.clock.advance(60_000);
  assert.equal(t.requests.length, 1);
  t.answerWith(() => ({}));
  await t.show(0, { resourceVersion: "2" });
  assert.equal(t.requests.length, 2);
  assert.deepEqual([t.logs, t.failures], [[], []]);
});

Deno.test("StatusWriter gives way to one who always takes it back", async () => {
  const t = setUp([record("a")]);
  t.writer.follow(says("x"));
  await settle();
  // Somebody writes every 100 ms, for an hour.
  for (let turn = 2; turn < 36_000; turn++) {
    t.records[0] = { ...t.records[0]!, resourceVersion: `${turn}` };
    t.writer.look();
    await t.clock.advance(100);
  }
  assert(t.requests.length < 25, `${t.requests.length} writes`);
  assert(t.requests.length > 10, `${t.requests.length} writes`);
});

Deno.test("StatusWriter says other words soon, however often it had to repeat itself", async () => {
  const t = setUp([record("a")]);
  t.writer.follow(says("x"));
  await settle();
  for (let turn = 2; turn < 2_000; turn++) {
    t.records[0] = { ...t.records[0]!, resourceVersion: `${turn}` };
    t.writer.look();
    await t.clock.advance(100);
  }
  const before = t.requests.length;
  t.records[0] = { ...t.records[0]!, resourceVersion: "z" };
  t.writer.follow(says("y"));
  await t.clock.advance(1_000);
  assert.equal(t.requests.length, before + 1);
});

Deno.test("StatusWriter takes a right that is missing for no failure", async () => {
  const t = setUp([record("a"), record("b"), record("g", { kind: "Gateway" })]);
  t.answerWith(({ resource }) => {
    if (resource.startsWith("httproutes")) throw failed(403);
    return {};
  });
  t.writer.follow(says("x"));
  await settle();
  assert.deepEqual(t.failures, [403]);
  assert.deepEqual(t.logs, ["statuses of a kind may not be written"]);
  assert.equal(t.requests.length, 2);
  await t.clock.advance(299_000);
  assert.equal(t.requests.length, 2);
  t.answerWith(() => ({}));
  await t.clock.advance(10_000);
  assert.equal(t.requests.length, 4);
  assert.equal(t.logs.length, 1);
});

Deno.test("StatusWriter tries again, ever more slowly, what the server refuses", async () => {
  const t = setUp([record("a")]);
  t.answerWith(() => {
    throw failed(500);
  });
  t.writer.follow(says("x"));
  await settle();
  await t.clock.advance(10 * 60_000);
  assert(t.requests.length > 5 && t.requests.length < 30);
  t.answerWith(() => ({}));
  await t.clock.advance(30_000);
  const before = t.requests.length;
  await t.clock.advance(10 * 60_000);
  assert.equal(t.requests.length, before);
});

Deno.test("StatusWriter ends with its signal", async () => {
  const t = setUp([record("a"), record("b")]);
  t.answerWith(() => {
    t.ending.abort();
    throw t.ending.signal.reason;
  });
  t.writer.follow(says("x"));
  await settle();
  assert.equal(t.requests.length, 1);
  t.writer[Symbol.dispose]();
  assert.equal(t.clock.timers, 0);
  assert.deepEqual(t.logs, []);
});
