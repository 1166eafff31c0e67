import assert from "node:assert/strict";
import type { PodHost, PodOrder } from "../../src/control/pod_host.ts";
import { StartError, ZdsViolation } from "../../src/control/zds/errors.ts";
import { AgentPods } from "../../src/control/zds/pods.ts";
import { closeFd, cString, dupFd, type Fd, libc } from "../../src/sys/libc.ts";
import { netnsId } from "../../src/sys/netns.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { makeTestNetns, type TestNetns } from "../support/test_netns.ts";

const openFds = () => [...Deno.readDirSync("/proc/self/fd")].length;
const info = { name: "web-0", namespace: "shop", serviceAccount: "web" };

/** A host that notes what it is told; `failing` uids cannot be served. */
class FakeHost implements PodHost {
  readonly calls: string[] = [];
  readonly failing = new Set<string>();
  readonly #running = new Map<string, string>();

  add({ uid, netns }: PodOrder): Promise<void> {
    const id = netnsId(netns!);
    closeFd(netns!);
    this.calls.push(`add ${uid}`);
    if (this.failing.has(uid)) return Promise.reject(new Error("port in use"));
    this.#running.set(uid, id);
    return Promise.resolve();
  }

  remove(uid: string): Promise<void> {
    this.calls.push(`remove ${uid}`);
    this.#running.delete(uid);
    return Promise.resolve();
  }

  running(): string[] {
    return [...this.#running.keys()];
  }

  netnsOf(uid: string): string | undefined {
    return this.#running.get(uid);
  }
}

async function setUp() {
  const netns = await makeTestNetns();
  const before = openFds();
  const host = new FakeHost();
  const clock = new FakeClock();
  const readiness: boolean[] = [];
  const log = { debug() {}, info() {} };
  const onReadyChange = (ready: boolean) => readiness.push(ready);
  const pods = new AgentPods({ host, log, clock, onReadyChange });
  await pods.begin();
  return {
    ...{ host, clock, readiness, pods, netns },
    add: (uid: string, at: TestNetns = netns) =>
      pods.handle({ kind: "add", uid, pod: info }, dupFd(at.fd)),
    keep: (uid: string) => pods.handle({ kind: "keep", uid }, undefined),
    delete: (uid: string) => pods.handle({ kind: "delete", uid }, undefined),
    complete: () => pods.handle({ kind: "snapshotSent" }, undefined),
    /** Every descriptor given or kept must be closed by then. */
    async [Symbol.asyncDispose]() {
      pods[Symbol.dispose]();
      const after = openFds();
      await netns[Symbol.asyncDispose]();
      assert.equal(after, before, "descriptors left open");
      assert.equal(clock.timers, 0, "timers left");
    },
  };
}

Deno.test("AgentPods serves what is added and is ready after the snapshot", async () => {
  await using at = await setUp();
  await at.add("a");
  assert.deepEqual(at.readiness, []);
  await at.complete();
  assert.deepEqual(at.readiness, [true]);
  assert.equal(at.host.netnsOf("a"), netnsId(at.netns.fd));
  await at.pods.end();
  assert.deepEqual(at.readiness, [true, false]);
});

Deno.test("AgentPods keeps a pod across connections that name it, and only such", async () => {
  await using at = await setUp();
  for (const uid of ["added", "kept", "gone", "deleted"]) await at.add(uid);
  await at.complete();
  await at.pods.end();
  await at.pods.begin();
  await at.add("added");
  await at.keep("kept");
  await at.add("deleted");
  await at.delete("deleted");
  assert.equal(at.host.calls.some((call) => call.startsWith("remove")), false);
  await at.complete();
  assert.deepEqual(at.host.running().sort(), ["added", "kept"]);
});

Deno.test("AgentPods deletes at once when the snapshot is complete", async () => {
  await using at = await setUp();
  await at.add("a");
  await at.complete();
  await at.delete("a");
  await at.delete("unknown");
  assert.deepEqual(at.host.calls.slice(1), ["remove a", "remove unknown"]);
});

Deno.test("AgentPods tries a pod that cannot be served every 5 s", async () => {
  await using at = await setUp();
  at.host.failing.add("a");
  await assert.rejects(at.add("a"), (error) => {
    assert.ok(error instanceof StartError);
    assert.equal(error.message, "port in use");
    return true;
  });
  await at.complete();
  assert.deepEqual(at.readiness, []);
  await at.clock.advance(4_999);
  assert.equal(at.host.calls.length, 1);
  await at.clock.advance(1);
  assert.equal(at.host.calls.length, 2);
  at.host.failing.clear();
  await at.clock.advance(5_000);
  assert.deepEqual(at.host.running(), ["a"]);
  assert.deepEqual(at.readiness, [true]);
  await at.clock.advance(60_000);
  assert.equal(at.host.calls.length, 3);
});

Deno.test("AgentPods gives a pending pod up when it is deleted", async () => {
  await using at = await setUp();
  at.host.failing.add("a");
  await assert.rejects(at.add("a"), StartError);
  await at.complete();
  await at.delete("a");
  assert.deepEqual(at.readiness, [true]);
  await at.clock.advance(5_000);
  assert.deepEqual(at.host.calls, ["add a", "remove a"]);
});

Deno.test("AgentPods gives pending pods up when a new connection begins", async () => {
  await using at = await setUp();
  at.host.failing.add("a");
  await assert.rejects(at.add("a"), StartError);
  await at.pods.end();
  await at.pods.begin();
  await at.complete();
  assert.deepEqual(at.readiness, [true]);
  await at.clock.advance(5_000);
  assert.deepEqual(at.host.calls, ["add a"]);
});

Deno.test("AgentPods retries with the latest namespace of a pod", async () => {
  await using at = await setUp();
  await using other = await makeTestNetns();
  at.host.failing.add("a");
  await assert.rejects(at.add("a"), StartError);
  await assert.rejects(at.add("a", other), StartError);
  at.host.failing.clear();
  await at.clock.advance(5_000);
  assert.equal(at.host.netnsOf("a"), netnsId(other.fd));
});

Deno.test("AgentPods does one thing at a time, in order", async () => {
  await using at = await setUp();
  await Promise.all([at.add("a"), at.complete(), at.delete("a"), at.add("b")]);
  assert.deepEqual(at.host.calls, ["add a", "remove a", "add b"]);
});

Deno.test("AgentPods leaves no descriptor of a try that ends after its own end", async () => {
  await using at = await setUp();
  at.host.failing.add("a");
  const adding = assert.rejects(at.add("a"), StartError);
  at.pods[Symbol.dispose]();
  await adding;
  await settle();
});

const open = (path: string) => libc.open(cString(path), 0x80000) as Fd;
const refused: [name: string, path: string, message: string][] = [
  [
    "a file that is no namespace",
    "/dev/null",
    "the descriptor is no network namespace",
  ],
  [
    "a namespace of another kind",
    "/proc/self/ns/uts",
    "the descriptor is no network namespace",
  ],
  [
    "the proxy's own namespace",
    "/proc/self/ns/net",
    "the network namespace is the proxy's own",
  ],
];
for (const [name, path, message] of refused) {
  Deno.test(`AgentPods refuses ${name} for good`, async () => {
    await using at = await setUp();
    const add = { kind: "add", uid: "a", pod: info } as const;
    const handled = at.pods.handle(add, open(path));
    await assert.rejects(handled, { name: "StartError", message });
    await at.complete();
    assert.deepEqual(at.readiness, [true]);
    assert.deepEqual(at.host.calls, []);
  });
}

Deno.test("AgentPods refuses a pod without uid", async () => {
  await using at = await setUp();
  await assert.rejects(at.add(""), /the pod has no uid/);
});

Deno.test("AgentPods serves 4096 pods and no more", async () => {
  await using at = await setUp();
  at.host.running = () => Array.from({ length: 4096 }, (_, i) => `pod-${i}`);
  await assert.rejects(at.add("one-more"), /4096 pods are served already/);
  await at.add("pod-7");
});

Deno.test("AgentPods calls a keep after the snapshot a violation", async () => {
  await using at = await setUp();
  await at.complete();
  await assert.rejects(at.keep("a"), ZdsViolation);
});

Deno.test("AgentPods calls a second snapshot a violation", async () => {
  await using at = await setUp();
  await at.complete();
  await assert.rejects(at.complete(), ZdsViolation);
});

Deno.test("AgentPods calls an add without workload info a violation", async () => {
  await using at = await setUp();
  const add = { kind: "add", uid: "a", pod: undefined } as const;
  await assert.rejects(at.pods.handle(add, dupFd(at.netns.fd)), ZdsViolation);
});
