import assert from "node:assert/strict";
import type { KubeRequest } from "../../src/control/kube_api/client.ts";
import { KubeApiError } from "../../src/control/kube_api/mod.ts";
import { NodeTaint, TAINT_RETRY_MS } from "../../src/control/node_taint.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";

const KEY = "cni.istio.io/not-ready";
const OTHER = { key: "gpu", value: "yes", effect: "NoSchedule" };
const OURS = { key: KEY, effect: "NoSchedule" };
const node = (resourceVersion: string, ...taints: object[]) => ({
  metadata: { resourceVersion },
  spec: { taints },
});

/** Lines that a test writes one by one; undefined ends them. */
class Lines {
  readonly #stream = new TransformStream<string, string>();
  readonly #writer = this.#stream.writable.getWriter();

  async *read(): AsyncGenerator<string, void, void> {
    yield* this.#stream.readable.values();
  }

  async says(type: string, object: object): Promise<void> {
    await this.#writer.write(JSON.stringify({ type, object }));
    await turns();
  }

  async end(): Promise<void> {
    await this.#writer.close();
    await turns();
  }
}

/** A stream takes more than a few turns. */
async function turns(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  await settle();
}

/** An API whose patches give these answers; errors are thrown. */
function start(answers: unknown[] = []) {
  const patches: KubeRequest[] = [];
  const watches: string[] = [];
  const logged: string[] = [];
  const clock = new FakeClock();
  const ending = new AbortController();
  const state = { mayRemove: true, lines: new Lines(), refuses: false };
  const logging = createLogging({
    filter: "info",
    format: "plain",
    write: (text) => logged.push(text),
    now: () => new Date(0),
  });
  const taint = new NodeTaint({
    api: {
      json: (request) => {
        patches.push(request);
        const answer = answers.shift() ?? node("99");
        return answer instanceof Error
          ? Promise.reject(answer)
          : Promise.resolve(answer);
      },
      watch: ({ path }) => {
        watches.push(path);
        return state.refuses
          ? Promise.reject(new KubeApiError("403", { status: 403 }))
          : Promise.resolve(state.lines.read());
      },
    },
    clock,
    nodeName: "n 1",
    key: KEY,
    log: logging.scope("kube"),
    signal: ending.signal,
    mayRemove: () => state.mayRemove,
  });
  const said = () => {
    logging.flush();
    return logged.join("");
  };
  return { taint, patches, watches, clock, ending, state, said };
}

async function run(answers: unknown[] = []) {
  const started = start(answers);
  const over = started.taint.run();
  await settle();
  return {
    ...started,
    async [Symbol.asyncDispose]() {
      started.ending.abort();
      await started.state.lines.end();
      await over;
      assert.equal(started.clock.timers, 0);
    },
  };
}

Deno.test("NodeTaint takes all effects of the key off, and nothing else", async () => {
  await using test = await run();
  const { patches, watches, state } = test;
  assert.deepEqual(watches, [
    "/api/v1/nodes?watch=true&fieldSelector=metadata.name%3Dn+1&resourceVersion=0&timeoutSeconds=300",
  ]);
  const both = [OURS, OTHER, { key: KEY, effect: "NoExecute" }];
  await state.lines.says("ADDED", node("7", ...both));
  assert.deepEqual(patches, [{
    verb: "patch",
    resource: "nodes",
    path: "/api/v1/nodes/n%201?fieldManager=hairpin-node",
    patch: { metadata: { resourceVersion: "7" }, spec: { taints: [OTHER] } },
  }]);
  assert.match(test.said(), /node taint removed/);
});

Deno.test("NodeTaint takes it off each time that the node gets it", async () => {
  await using test = await run([node("8"), node("10")]);
  const { patches, state, clock } = test;
  const versions = () =>
    patches.map(({ patch }) =>
      (patch as ReturnType<typeof node>).metadata.resourceVersion
    );
  await state.lines.says("ADDED", node("7", OURS));
  await state.lines.says("MODIFIED", node("8"));
  await clock.advance(TAINT_RETRY_MS);
  assert.deepEqual(versions(), ["7"]);
  await state.lines.says("MODIFIED", node("9", OURS));
  assert.deepEqual(versions(), ["7", "9"]);
});

Deno.test("NodeTaint lets a time pass where somebody puts it back at once", async () => {
  const stubborn = Array.from({ length: 9 }, (_, at) => node(`${at}`, OURS));
  await using test = await run(stubborn);
  await test.state.lines.says("ADDED", node("7", OURS));
  for (let tries = 1; tries < 4; tries++) {
    assert.equal(test.patches.length, tries);
    await test.clock.advance(TAINT_RETRY_MS);
  }
});

Deno.test("NodeTaint leaves it until pods may come", async () => {
  await using test = await run();
  const { state, taint, patches } = test;
  state.mayRemove = false;
  await state.lines.says("ADDED", node("7", OURS));
  taint.look();
  assert.deepEqual(patches, []);
  state.mayRemove = true;
  taint.look();
  await settle();
  assert.equal(patches.length, 1);
});

const clean: [what: string, taints: object[]][] = [
  ["other taints", [OTHER]],
  ["no taints", []],
];
for (const [what, taints] of clean) {
  Deno.test(`NodeTaint writes nothing to a node with ${what}`, async () => {
    await using test = await run();
    await test.state.lines.says("ADDED", node("7", ...taints));
    assert.deepEqual(test.patches, []);
  });
}

Deno.test("NodeTaint forgets a node that is deleted", async () => {
  await using test = await run();
  test.state.mayRemove = false;
  await test.state.lines.says("ADDED", node("7", OURS));
  await test.state.lines.says("DELETED", node("8", OURS));
  test.state.mayRemove = true;
  test.taint.look();
  assert.deepEqual(test.patches, []);
});

Deno.test("NodeTaint tries again when somebody else changed the node, and warns once", async () => {
  const conflict = new KubeApiError("409", { status: 409 });
  await using test = await run([conflict, conflict, node("9")]);
  const { state, clock, patches } = test;
  await state.lines.says("ADDED", node("7", OURS));
  await clock.advance(TAINT_RETRY_MS);
  await state.lines.says("MODIFIED", node("8", OURS));
  await clock.advance(TAINT_RETRY_MS);
  assert.equal(patches.length, 3);
  assert.equal(
    test.said().match(/cannot remove the node's taint.*409/g)?.length,
    1,
  );
});

Deno.test("NodeTaint watches again, and warns once of what it may not do", async () => {
  await using test = await run();
  const { state, clock, watches } = test;
  state.refuses = true;
  await state.lines.end();
  for (let tries = 2; tries < 5; tries++) {
    await clock.advance(TAINT_RETRY_MS);
    assert.equal(watches.length, tries);
  }
  assert.equal(test.said().match(/cannot watch the node/g)?.length, 1);
  state.refuses = false;
  state.lines = new Lines();
  await clock.advance(TAINT_RETRY_MS);
  await state.lines.says("ADDED", node("7", OURS));
  assert.equal(test.patches.length, 1);
});

Deno.test("NodeTaint goes on after an answer that is no Node", async () => {
  await using test = await run();
  await test.state.lines.says("ADDED", { metadata: {} });
  assert.match(test.said(), /the answer is not a Node/);
  test.state.lines = new Lines();
  await test.clock.advance(TAINT_RETRY_MS);
  await test.state.lines.says("ADDED", node("7", OURS));
  assert.equal(test.patches.length, 1);
});
