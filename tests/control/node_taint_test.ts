import assert from "node:assert/strict";
import type { KubeRequest } from "../../src/control/kube_api/client.ts";
import { KubeApiError } from "../../src/control/kube_api/mod.ts";
import {
  removeNodeTaint,
  TAINT_RETRY_MS,
} from "../../src/control/node_taint.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";

const KEY = "cni.istio.io/not-ready";
const OTHER = { key: "gpu", value: "yes", effect: "NoSchedule" };
const node = (...taints: object[]) => ({
  metadata: { resourceVersion: "7" },
  spec: { taints },
});

/** An API that gives these answers, one a request; an error is thrown. */
function start(answers: unknown[]) {
  const requests: KubeRequest[] = [];
  const lines: string[] = [];
  const clock = new FakeClock();
  const ending = new AbortController();
  const logging = createLogging({
    filter: "info",
    format: "plain",
    write: (text) => lines.push(text),
    now: () => new Date(0),
  });
  const over = removeNodeTaint({
    api: {
      json: (request) => {
        requests.push(request);
        const answer = answers.shift();
        return answer instanceof Error
          ? Promise.reject(answer)
          : Promise.resolve(answer);
      },
    },
    clock,
    nodeName: "n 1",
    key: KEY,
    log: logging.scope("kube"),
    signal: ending.signal,
  });
  return { over, requests, lines, clock, ending };
}

Deno.test("removeNodeTaint() takes all effects of the key off, and nothing else", async () => {
  const tainted = node(
    { key: KEY, effect: "NoSchedule" },
    OTHER,
    { key: KEY, effect: "NoExecute" },
  );
  const { over, requests } = start([tainted, {}]);
  await over;
  assert.deepEqual(requests, [
    { verb: "get", resource: "nodes", path: "/api/v1/nodes/n%201" },
    {
      verb: "patch",
      resource: "nodes",
      path: "/api/v1/nodes/n%201?fieldManager=hairpin-node",
      patch: { metadata: { resourceVersion: "7" }, spec: { taints: [OTHER] } },
    },
  ]);
});

const clean: [what: string, node: object][] = [
  ["other taints", node(OTHER)],
  ["no taints", { metadata: { resourceVersion: "7" }, spec: {} }],
];
for (const [what, found] of clean) {
  Deno.test(`removeNodeTaint() writes nothing to a node with ${what}`, async () => {
    const { over, requests } = start([found]);
    await over;
    assert.deepEqual(requests.map(({ verb }) => verb), ["get"]);
  });
}

Deno.test("removeNodeTaint() looks again when somebody else changed the node, and warns once", async () => {
  const conflict = new KubeApiError("409", { status: 409 });
  const tainted = node({ key: KEY });
  const { over, requests, lines, clock } = start([
    ...[tainted, conflict, tainted, conflict, {}, tainted, {}],
  ]);
  for (let round = 0; round < 3; round++) {
    await settle();
    await clock.advance(TAINT_RETRY_MS);
  }
  await over;
  const verbs = requests.map(({ verb }) => verb).join(" ");
  assert.equal(verbs, "get patch get patch get get patch");
  await settle();
  const text = lines.join("");
  assert.equal(text.match(/cannot remove the node's taint.*409/g)?.length, 1);
  assert.match(text, /the answer is not a Node/);
});

Deno.test("removeNodeTaint() ends with the signal", async () => {
  const { over, clock, ending } = start([new KubeApiError("gone")]);
  await settle();
  ending.abort();
  await over;
  assert.equal(clock.timers, 0);
});
