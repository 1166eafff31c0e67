import assert from "node:assert/strict";
import type { KubeRequest } from "../../src/control/kube_api/client.ts";
import { KubeApiError } from "../../src/control/kube_api/mod.ts";
import {
  PodRepair,
  REPAIR_GRACE_MS,
  type RepairAction,
  UNINITIALIZED_LABEL,
} from "../../src/control/pod_repair.ts";
import type { PodEvent } from "../../src/control/redirection_status.ts";
import type { PodObject } from "../../src/kube/mod.ts";
import { parseObject } from "../../src/kube/parse.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { pod, type Raw } from "../kube/objects.ts";

const OWNER = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  name: "web",
  uid: "r",
  controller: true,
};

/** A pod that a controller started, unless it is said otherwise. */
function podOf(uid: string, metadata: Raw = {}, phase = "Running"): PodObject {
  const read = parseObject(pod(`pod-${uid}`, "10.0.0.1", {
    metadata: { uid, ownerReferences: [OWNER], ...metadata },
    status: { phase },
  }));
  assert.ok(read.kind === "object" && read.object.kind === "Pod");
  return read.object;
}

class Test {
  readonly requests: string[] = [];
  readonly bodies: unknown[] = [];
  readonly events: PodEvent[] = [];
  readonly counts: string[] = [];
  /** What the API refuses with. */
  refusal: Error | undefined;
  nowMs = 0;
  readonly repair: PodRepair;

  constructor(action: RepairAction) {
    const logging = createLogging({
      filter: "off",
      format: "plain",
      write: () => {},
      now: () => new Date(0),
    });
    this.repair = new PodRepair({
      action,
      api: { json: (request) => this.#answer(request) },
      nowMs: () => this.nowMs,
      log: logging.scope("kube"),
      tell: (event) => this.events.push(event),
      count: (type, result) => this.counts.push(`${type} ${result}`),
      signal: new AbortController().signal,
    });
  }

  /** One look, and another one when the time for it has come. */
  async look(pods: readonly PodObject[], lost: readonly string[]) {
    await this.repair.look(pods, new Set(lost));
    this.nowMs += REPAIR_GRACE_MS;
    await this.repair.look(pods, new Set(lost));
  }

  #answer({ verb, path, patch, deletion }: KubeRequest): Promise<unknown> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    this.requests.push(`${verb} ${path}`);
    this.bodies.push(patch ?? deletion);
    return Promise.resolve({});
  }
}

const POD_1 = "/api/v1/namespaces/shop/pods/pod-u1";

Deno.test("PodRepair does nothing where pods are only marked", async () => {
  const test = new Test("mark");
  await test.look([podOf("u1")], ["u1"]);
  assert.deepEqual(test.requests, []);
});

Deno.test("PodRepair deletes a pod that is lost for a while, and no other one of its name", async () => {
  const test = new Test("delete");
  const pods = [podOf("u1"), podOf("u2")];
  await test.repair.look(pods, new Set(["u1"]));
  test.nowMs += REPAIR_GRACE_MS - 1;
  await test.repair.look(pods, new Set(["u1"]));
  assert.deepEqual(test.requests, []);
  test.nowMs += 1;
  await test.repair.look(pods, new Set(["u1"]));
  await test.repair.look(pods, new Set(["u1"]));
  assert.deepEqual(test.requests, [`delete ${POD_1}`]);
  assert.deepEqual(test.bodies, [{
    apiVersion: "v1",
    kind: "DeleteOptions",
    preconditions: { uid: "u1" },
  }]);
  assert.deepEqual(test.counts, ["delete success"]);
  assert.deepEqual(test.events.map(({ reason }) => reason), ["PodDeleted"]);
});

const spared: [what: string, pod: PodObject][] = [
  ["that nobody would start again", podOf("u1", { ownerReferences: [] })],
  [
    "whose owner is no controller",
    podOf("u1", { ownerReferences: [{ ...OWNER, controller: false }] }),
  ],
  ["that has not started", podOf("u1", {}, "Pending")],
  [
    "that ends already",
    podOf("u1", { deletionTimestamp: "2026-01-01T00:00:00Z" }),
  ],
];
for (const [what, pod] of spared) {
  Deno.test(`PodRepair does not delete a pod ${what}`, async () => {
    const test = new Test("delete");
    await test.look([pod], ["u1"]);
    assert.deepEqual(test.requests, []);
  });
}

Deno.test("PodRepair begins to wait anew for a pod that was found meanwhile", async () => {
  const test = new Test("delete");
  const pods = [podOf("u1")];
  await test.repair.look(pods, new Set(["u1"]));
  await test.repair.look(pods, new Set());
  test.nowMs += REPAIR_GRACE_MS;
  await test.repair.look(pods, new Set(["u1"]));
  assert.deepEqual(test.requests, []);
});

Deno.test("PodRepair deletes one pod a turn", async () => {
  const test = new Test("delete");
  const pods = [podOf("u1"), podOf("u2")];
  await test.look(pods, ["u1", "u2"]);
  assert.equal(test.requests.length, 1);
  await test.repair.look(pods, new Set(["u1", "u2"]));
  assert.equal(test.requests.length, 2);
});

Deno.test("PodRepair labels every pod that is lost, once, and takes the label off a found one", async () => {
  const test = new Test("label");
  const alone = podOf("u1", { ownerReferences: [] });
  await test.look([alone, podOf("u2")], ["u1", "u2"]);
  await test.repair.look([alone, podOf("u2")], new Set(["u1", "u2"]));
  assert.equal(test.requests.length, 2);
  assert.deepEqual(test.bodies[0], {
    metadata: { uid: "u1", labels: { [UNINITIALIZED_LABEL]: "true" } },
  });
  assert.deepEqual(test.events.map(({ reason }) => reason), [
    "PodLabelled",
    "PodLabelled",
  ]);
  const labelled = podOf("u1", { labels: { [UNINITIALIZED_LABEL]: "true" } });
  await test.repair.look([labelled, podOf("u2")], new Set(["u2"]));
  assert.deepEqual(test.bodies.slice(2), [{
    metadata: { uid: "u1", labels: { [UNINITIALIZED_LABEL]: null } },
  }]);
});

for (const action of ["label", "delete"] as const) {
  Deno.test(`PodRepair tries to ${action} again what the API refused`, async () => {
    const test = new Test(action);
    test.refusal = new KubeApiError("403", { status: 403 });
    await test.look([podOf("u1")], ["u1"]);
    assert.deepEqual(test.counts, [`${action} fail`]);
    test.refusal = undefined;
    await test.repair.look([podOf("u1")], new Set(["u1"]));
    assert.deepEqual(test.counts, [`${action} fail`, `${action} success`]);
  });
}
