import assert from "node:assert/strict";
import { MeshState } from "../../src/model/mesh_state.ts";
import { dupFd } from "../../src/sys/libc.ts";
import { netnsId } from "../../src/sys/netns.ts";
import { countOpenFds } from "../../src/sys/open_fds.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { Registry } from "../../src/telemetry/metrics.ts";
import { PodMetrics } from "../../src/telemetry/process_metrics.ts";
import {
  type FindOtherOwner,
  NetnsOwnerError,
  PodManager,
} from "../../src/worker/pod_manager.ts";
import { WorkerPool } from "../../src/worker/worker_pool.ts";
import { makeTestNetns, type TestNetns } from "../support/test_netns.ts";
import { podOf, SETTINGS } from "../worker/worker_support.ts";

const log = createLogging({
  format: "plain",
  filter: "off",
  write: () => {},
  now: () => new Date(0),
}).scope("test");

/** A manager over workers that note what they are asked, and answer when told to. */
function recorded(findOtherOwner?: FindOtherOwner) {
  const asked: string[] = [];
  const answers: { resolve(): void; reject(reason: Error): void }[] = [];
  const ask = (what: string) => {
    asked.push(what);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    answers.push({ resolve, reject });
    return promise;
  };
  const metrics = new PodMetrics(new Registry());
  const pods = new PodManager(
    {
      serve: ({ uid }) => ask(`serve ${uid}`),
      stop: (uid) => ask(`stop ${uid}`),
    },
    metrics,
    log,
    findOtherOwner,
  );
  /** Answers the next order, which may be still to come. */
  const answer = async (reason?: Error) => {
    while (answers.length === 0) await turn();
    const next = answers.shift()!;
    if (reason === undefined) next.resolve();
    else next.reject(reason);
    await turn();
  };
  const figures = () => {
    const { active, pending, started, stopped } = metrics;
    return [active, pending, started, stopped].map(({ value }) => value);
  };
  return { pods, asked, answer, figures };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const order = (uid: string, netns: TestNetns) => ({
  ...podOf(uid),
  netns: dupFd(netns.fd),
});

Deno.test("PodManager serves a pod once, and closes what it is given", async () => {
  await using netns = await makeTestNetns();
  const { pods, asked, answer } = recorded();
  const before = countOpenFds();
  const added = pods.add(order("a", netns));
  await turn();
  assert.deepEqual(pods.list(), [{ info: podOf("a"), up: false }]);
  assert.deepEqual(pods.running(), []);
  await answer();
  await added;
  assert.deepEqual(pods.running(), ["a"]);
  await pods.add(order("a", netns));
  assert.deepEqual(asked, ["serve a"]);
  const removed = pods.remove("a");
  await answer();
  await removed;
  await pods.remove("a");
  assert.deepEqual([pods.list(), asked], [[], ["serve a", "stop a"]]);
  assert.equal(countOpenFds(), before);
});

Deno.test("PodManager replaces a pod that came back in another namespace", async () => {
  await using first = await makeTestNetns();
  await using second = await makeTestNetns();
  const { pods, asked, answer } = recorded();
  const before = countOpenFds();
  const added = pods.add(order("a", first));
  await answer();
  await added;
  const replaced = pods.add(order("a", second));
  await answer();
  await answer();
  await replaced;
  assert.deepEqual(asked, ["serve a", "stop a", "serve a"]);
  assert.deepEqual(pods.running(), ["a"]);
  assert.equal(countOpenFds(), before + 1);
  const removed = pods.remove("a");
  await answer();
  await removed;
  assert.equal(countOpenFds(), before);
});

Deno.test("PodManager keeps nothing of a pod that cannot be served", async () => {
  await using netns = await makeTestNetns();
  const { pods, answer } = recorded();
  const before = countOpenFds();
  const added = pods.add(order("a", netns));
  const failed = assert.rejects(added, /port taken/);
  await answer(new Error("port taken"));
  await failed;
  assert.deepEqual(pods.list(), []);
  assert.equal(countOpenFds(), before);
});

Deno.test("PodManager refuses a namespace that another pod is served in", async () => {
  await using netns = await makeTestNetns();
  const { pods, asked, answer } = recorded();
  const added = pods.add(order("a", netns));
  await answer();
  await added;
  const before = countOpenFds();
  await assert.rejects(
    pods.add(order("b", netns)),
    new NetnsOwnerError(
      `Cannot serve pod "ns1/b": its network namespace is pod "ns1/a"'s`,
    ),
  );
  assert.equal(countOpenFds(), before);
  const removed = pods.remove("a");
  await answer();
  await removed;
  const again = pods.add(order("b", netns));
  await answer();
  await again;
  assert.deepEqual(asked, ["serve a", "stop a", "serve b"]);
});

Deno.test("PodManager refuses a namespace that is found to be another pod's", async () => {
  await using netns = await makeTestNetns();
  const before = countOpenFds();
  const seen: string[] = [];
  const { pods, asked } = recorded(({ uid }, fd) => {
    seen.push(`${uid} ${netnsId(fd) === netnsId(netns.fd)}`);
    return "shop/cart";
  });
  await assert.rejects(pods.add(order("a", netns)), /is pod "shop\/cart"'s$/);
  assert.deepEqual([seen, asked, pods.list()], [["a true"], [], []]);
  assert.equal(countOpenFds(), before);
});

Deno.test("PodManager closes a namespace that cannot be looked into", async () => {
  await using netns = await makeTestNetns();
  const before = countOpenFds();
  const { pods, asked } = recorded(() => {
    throw new Error("no right to enter");
  });
  await assert.rejects(pods.add(order("a", netns)), /no right to enter/);
  assert.deepEqual([asked, pods.list()], [[], []]);
  assert.equal(countOpenFds(), before);
});

Deno.test("PodManager carries out orders for one pod one after the other", async () => {
  await using netns = await makeTestNetns();
  const { pods, asked, answer } = recorded();
  const before = countOpenFds();
  const orders = [
    pods.add(order("a", netns)),
    pods.remove("a"),
    pods.remove("a"),
    pods.add(order("a", netns)),
    pods.remove("a"),
  ];
  await turn();
  assert.deepEqual(asked, ["serve a"]);
  for (let i = 0; i < 4; i++) await answer();
  await Promise.all(orders);
  assert.deepEqual(asked, ["serve a", "stop a", "serve a", "stop a"]);
  assert.deepEqual(pods.list(), []);
  assert.equal(countOpenFds(), before);
});

Deno.test("PodManager does not let pods wait for each other", async () => {
  await using netns = await makeTestNetns();
  await using other = await makeTestNetns();
  const { pods, asked, answer } = recorded();
  const orders = [pods.add(order("a", netns)), pods.add(order("b", other))];
  await turn();
  assert.deepEqual(asked, ["serve a", "serve b"]);
  await answer();
  await answer();
  await Promise.all(orders);
  const removed = [pods.remove("a"), pods.remove("b")];
  await answer();
  await answer();
  await Promise.all(removed);
});

Deno.test("PodManager removes a pod also when a worker does not stop it, and counts", async () => {
  await using netns = await makeTestNetns();
  const { pods, answer, figures } = recorded();
  const added = pods.add(order("a", netns));
  await answer();
  await added;
  assert.deepEqual(figures(), [1, 0, 1, 0]);
  const removed = pods.remove("a");
  await answer(new Error("silent"));
  await removed;
  assert.deepEqual(figures(), [0, 0, 1, 1]);
});

Deno.test("PodManager and real workers listen in a pod's namespace until it is removed", async () => {
  await using netns = await makeTestNetns();
  const pool = new WorkerPool({
    count: 2,
    settings: { ...SETTINGS, transparent: "require" },
    mesh: new MeshState(),
    certificates: () => [],
    wantCertificate() {},
    onReadyChange() {},
    log,
  });
  try {
    await pool.start();
    const pods = new PodManager(pool, new PodMetrics(new Registry()), log);
    await pods.add(order("a", netns));
    assert.deepEqual(await portsOf(netns), [
      ...["15001", "15001", "15006", "15006", "15008", "15008"],
    ]);
    await pods.remove("a");
    assert.deepEqual(await portsOf(netns), []);
  } finally {
    pool.terminate();
  }
});

/** Ports that somebody listens on there. */
async function portsOf(netns: TestNetns): Promise<string[]> {
  const text = await netns.sh("ss -Hltn");
  return text.split("\n").flatMap((line) => /:(\d+)\s/.exec(line)?.[1] ?? [])
    .sort();
}
