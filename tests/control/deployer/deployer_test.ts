/** Rounds of the deployer, held still: what is asked of the API, when, and what is said of it. */
import assert from "node:assert/strict";
import { Deployer } from "../../../src/control/deployer/mod.ts";
import { REAPPLY_MS } from "../../../src/control/deployer/limits.ts";
import {
  KubeApiError,
  type KubeRequest,
} from "../../../src/control/kube_api/mod.ts";
import type { AppliedObject, WantedDeployment } from "../../../src/kube/mod.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const KINDS = ["ServiceAccount", "Service", "Deployment"] as const;

const wanted = (
  name: string,
  want?: WantedDeployment["want"],
): WantedDeployment => ({
  ...{ key: `shop/${name}`, namespace: "shop", name, uid: `uid-${name}` },
  want: want ?? {
    kind: "objects",
    objects: KINDS.map((kind): AppliedObject => ({
      apiVersion: "v1",
      kind,
      metadata: { name, namespace: "shop", labels: {}, ownerReferences: [] },
    })),
  },
});

/** What the deployer applied. */
const ours = (uid: string) => ({
  metadata: {
    uid,
    labels: { "gateway.istio.io/managed": "hairpin.dev-waypoint" },
    managedFields: [{ manager: "hairpin-deployer", operation: "Apply" }],
  },
});

type Answer = (request: KubeRequest) => unknown;

const refusal = (status: number | undefined, message = `no: ${status}`) =>
  new KubeApiError(message, { status });

/** Nothing is there, and all can be applied. */
const EMPTY: Answer = ({ verb }) => {
  if (verb === "get") throw refusal(404);
  return {};
};

function setUp(answer: Answer = EMPTY) {
  const clock = new FakeClock();
  const requests: string[] = [];
  const sent: KubeRequest[] = [];
  const logs: string[] = [];
  const ending = new AbortController();
  const state = { answer };
  const log = {
    error: (message: string) => void logs.push(message),
    warn: (message: string, fields?: object) =>
      void logs.push(`${message} ${JSON.stringify(fields)}`),
    ...{ info() {}, debug() {}, trace() {} },
    enabled: () => true,
    within: () => log,
  };
  const deployer = new Deployer({
    api: {
      async json(request) {
        await Promise.resolve();
        sent.push(request);
        const name = request.path.replace(/\?.*/, "").split("/").at(-1);
        requests.push(`${request.verb} ${request.resource} ${name}`);
        return state.answer(request);
      },
    },
    bindings: [{ namespace: undefined, name: "all" }],
    clock,
    random: () => 0.5,
    log,
    onStates() {},
    onFailure() {},
    signal: ending.signal,
  });
  return {
    ...{ clock, requests, sent, logs, deployer, ending },
    answerWith: (next: Answer) => (state.answer = next),
    async want(...list: WantedDeployment[]) {
      deployer.want(list);
      for (let turns = 0; turns < 20; turns++) await settle();
    },
    async pass(ms: number) {
      await clock.advance(ms);
      for (let turns = 0; turns < 20; turns++) await settle();
    },
    /** What was asked since the last call. */
    take: () => requests.splice(0),
    /** The last accounts that were given their rights. */
    bound: () => {
      const { apply } = sent.findLast(({ path }) => path.includes("/all?"))!;
      return (apply as { subjects: { name: string }[] }).subjects
        .map(({ name }) => name);
    },
  };
}

const GETS = ["serviceaccounts", "services", "deployments.apps"];
const all = (verb: string, name: string) =>
  GETS.map((resource) => `${verb} ${resource} ${name}`);

Deno.test("Deployer looks at everything, gives the account its rights, then applies", async () => {
  const t = setUp();
  await t.want(wanted("wp"));
  assert.deepEqual(t.take(), [
    ...all("get", "wp"),
    "patch clusterrolebindings.rbac.authorization.k8s.io all",
    ...all("patch", "wp"),
  ]);
  assert.deepEqual(t.bound(), ["wp"]);
  assert.deepEqual(t.deployer.stateOf("shop/wp"), { kind: "deployed" });
  assert.ok(
    t.sent.at(-1)?.path.endsWith("?fieldManager=hairpin-deployer&force=true"),
  );
  await t.deployer.settled;
});

Deno.test("Deployer asks for nothing while nothing changes, and applies again after a while", async () => {
  const t = setUp();
  await t.want(wanted("wp"));
  t.take();
  await t.want(wanted("wp"));
  await t.pass(REAPPLY_MS / 2);
  assert.deepEqual(t.take(), []);
  t.answerWith(({ verb }) => verb === "get" ? ours("u") : {});
  await t.pass(REAPPLY_MS);
  assert.ok(t.take().includes("patch deployments.apps wp"));
});

Deno.test("Deployer writes to the object that it looked at, and to no other of its name", async () => {
  const t = setUp(({ verb }) => verb === "get" ? ours("u-1") : {});
  await t.want(wanted("wp"));
  const uids = t.sent.filter(({ verb, path }) =>
    verb === "patch" && path.includes("/wp?")
  ).map(({ apply }) => (apply as { metadata: { uid?: string } }).metadata.uid);
  assert.deepEqual(uids, ["u-1", "u-1", "u-1"]);
});

Deno.test("Deployer makes nothing where one object is somebody else's, and the others go on", async () => {
  const t = setUp((request) => {
    const { verb, path } = request;
    if (path.endsWith("/deployments/taken")) {
      return { metadata: { uid: "x", labels: {} } };
    }
    return EMPTY({ ...request, verb });
  });
  await t.want(wanted("taken"), wanted("wp"));
  const requests = t.take();
  assert.ok(!requests.some((line) => /^patch .* taken$/.test(line)));
  assert.ok(requests.includes("create events events"));
  assert.deepEqual(t.bound(), ["wp"]);
  assert.deepEqual(t.deployer.counts(), { deployed: 1, failed: 1 });
  assert.deepEqual(t.deployer.stateOf("shop/taken"), {
    kind: "failed",
    reason: "Conflict",
    message: 'Cannot take over Deployment "shop/taken": it does not have the ' +
      "label gateway.istio.io/managed=hairpin.dev-waypoint",
  });
});

Deno.test("Deployer tries again ever more seldom, and says the same once", async () => {
  const t = setUp((request) => {
    if (request.path.includes("/deployments/bad?")) {
      throw refusal(422, "not valid");
    }
    return EMPTY(request);
  });
  await t.want(wanted("bad"), wanted("wp"));
  let before = 0;
  for (let tries = 0; tries < 4; tries++) {
    const waitMs = t.clock.nextMs! - t.clock.nowMs();
    assert.ok(waitMs > before, `${waitMs}`);
    before = waitMs;
    t.take();
    await t.pass(waitMs);
    const requests = t.take();
    assert.ok(requests.includes("patch deployments.apps bad"));
    assert.ok(!requests.includes("patch deployments.apps wp"));
  }
  assert.equal(t.logs.length, 1);
  assert.equal(
    t.sent.filter(({ resource }) => resource === "events").length,
    1,
  );
  assert.deepEqual(t.deployer.stateOf("shop/bad"), {
    kind: "failed",
    reason: "NotApplied",
    message: "not valid",
  });
  t.answerWith(EMPTY);
  await t.pass(60_000);
  assert.deepEqual(t.deployer.stateOf("shop/bad"), { kind: "deployed" });
});

for (const status of [undefined, 409, 429]) {
  Deno.test(`Deployer says nothing of a Gateway when the server answers ${status}`, async () => {
    const t = setUp(() => {
      throw refusal(status);
    });
    await t.want(wanted("wp"));
    assert.equal(t.deployer.stateOf("shop/wp"), undefined);
    t.answerWith(EMPTY);
    await t.pass(5_000);
    assert.deepEqual(t.deployer.stateOf("shop/wp"), { kind: "deployed" });
  });
}

Deno.test("Deployer leaves the rights of a waypoint that is refused or left, and has one", async () => {
  const t = setUp(({ verb, path }) => {
    if (verb !== "get") return {};
    if (/serviceaccounts\/(old|by-hand)$/.test(path)) return ours("u");
    throw refusal(404);
  });
  await t.want(
    wanted("old", { kind: "refused", message: "a label" }),
    wanted("by-hand", { kind: "left" }),
    wanted("new", { kind: "refused", message: "a label" }),
  );
  assert.deepEqual(t.bound(), ["by-hand", "old"]);
  assert.ok(!t.take().some((line) => /^patch (services|deploy)/.test(line)));
  assert.equal(t.deployer.stateOf("shop/by-hand"), "none");
  assert.deepEqual(t.deployer.stateOf("shop/new"), {
    kind: "failed",
    reason: "Refused",
    message: "a label",
  });
});

Deno.test("Deployer takes the rights of a Gateway that is gone", async () => {
  const t = setUp();
  await t.want(wanted("a"), wanted("b"));
  assert.deepEqual(t.bound(), ["a", "b"]);
  await t.want(wanted("b"));
  assert.deepEqual(t.bound(), ["b"]);
  assert.equal(t.deployer.stateOf("shop/a"), "none");
  assert.equal(
    t.requests.filter((line) => /deployments\S* b$/.test(line)).length,
    2,
  );
});

Deno.test("Deployer applies nothing without the rights, and gives them once it can", async () => {
  const t = setUp((request) => {
    if (request.path.includes("/all?")) throw refusal(403, "no right");
    return EMPTY(request);
  });
  await t.want(wanted("wp"));
  // A server that starts refuses for a while what it allows later.
  assert.equal(t.deployer.stateOf("shop/wp"), undefined);
  for (let tries = 0; tries < 6; tries++) await t.pass(30_000);
  assert.ok(!t.take().includes("patch deployments.apps wp"));
  assert.deepEqual(t.deployer.stateOf("shop/wp"), {
    kind: "failed",
    reason: "NotApplied",
    message: "no right",
  });
  t.answerWith(EMPTY);
  await t.pass(60_000);
  assert.deepEqual(t.deployer.stateOf("shop/wp"), { kind: "deployed" });
});

Deno.test("Deployer ends with its signal", async () => {
  const t = setUp();
  await t.want(wanted("wp"));
  t.ending.abort();
  t.deployer[Symbol.dispose]();
  t.take();
  await t.pass(2 * REAPPLY_MS);
  assert.deepEqual(t.take(), []);
  assert.equal(t.clock.timers, 0);
});
