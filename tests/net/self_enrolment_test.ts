import assert from "node:assert/strict";
import type { Iptables } from "../../src/redirect/mod.ts";
import { countOpenFds } from "../../src/sys/open_fds.ts";
import {
  backend,
  differences,
  hasRules,
  podIn,
  TestNode,
} from "../support/enrolment_node.ts";
import { makeTestNetns } from "../support/test_netns.ts";

/** The same, but that nothing can be written with it. */
const unwritable: Iptables = {
  ...backend,
  4: { ...backend[4], restore: "false" },
  6: { ...backend[6], restore: "false" },
};

Deno.test("SelfEnrolment serves a pod before its rules lead there, and until they are gone", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  await using test = new TestNode(node, [pod]);
  await test.enrolment.reconcile([podIn(pod)]);
  assert.deepEqual(test.host.notes, ["add u1 plain"]);
  assert.deepEqual(await differences(pod), []);
  assert.deepEqual(await test.probed(), ["10.77.0.2"]);
  await test.enrolment.reconcile([podIn(pod)]);
  await test.enrolment.reconcile([]);
  assert.deepEqual(test.host.notes, ["add u1 plain", "remove u1 plain"]);
  assert.equal(await hasRules(pod), false);
  assert.deepEqual(await test.probed(), []);
  assert.deepEqual(test.turns, [[], [], []]);
});

Deno.test("SelfEnrolment puts a pod back as it was when its rules cannot be written", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  await using test = new TestNode(node, [pod], { backend: unwritable });
  await test.enrolment.reconcile([podIn(pod)]);
  assert.deepEqual(test.host.notes, ["add u1 plain", "remove u1 plain"]);
  assert.equal(await hasRules(pod), false);
  assert.deepEqual([...test.enrolment.failing.keys()], ["u1"]);
  assert.deepEqual(await test.probed(), []);
});

Deno.test("SelfEnrolment leaves a pod alone that cannot be served, and enrols the others", async () => {
  await using node = await makeTestNetns();
  await using first = await makeTestNetns();
  await using second = await makeTestNetns();
  await using test = new TestNode(node, [first, second]);
  test.host.refuses = "port taken";
  await test.enrolment.reconcile([podIn(first)]);
  assert.equal(test.enrolment.failing.get("u1"), "port taken");
  assert.equal(await hasRules(first), false);
  test.host.refuses = undefined;
  const missing = podIn({ path: "/var/run/netns/none" }, { uid: "u3" });
  const other = podIn(second, { uid: "u2" });
  await test.enrolment.reconcile([missing, other]);
  assert.deepEqual(test.host.running(), ["u2"]);
  assert.match(test.enrolment.failing.get("u3")!, /No such file or directory/);
});

Deno.test("SelfEnrolment refuses its own namespace", async () => {
  await using node = await makeTestNetns();
  await using test = new TestNode(node, []);
  await test.enrolment.reconcile([podIn({ path: "/proc/self/ns/net" })]);
  assert.match(test.enrolment.failing.get("u1")!, /hairpin's own namespace$/);
  assert.deepEqual(test.host.notes, []);
});

Deno.test("SelfEnrolment tries again by itself, and tells when it has worked", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  const dir = await Deno.makeTempDir();
  const path = `${dir}/netns`;
  await using test = new TestNode(node, [pod], { retryMs: 20 });
  await test.enrolment.reconcile([podIn({ path })]);
  assert.equal(test.turns.at(-1)?.length, 1);
  await Deno.symlink(pod.path, path);
  while (test.turns.at(-1)!.length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(test.host.running(), ["u1"]);
  assert.deepEqual(await differences(pod), []);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("SelfEnrolment follows a pod into another namespace at the same path", async () => {
  await using node = await makeTestNetns();
  await using first = await makeTestNetns();
  await using second = await makeTestNetns();
  await using test = new TestNode(node, [first, second]);
  const dir = await Deno.makeTempDir();
  const path = `${dir}/netns`;
  await Deno.symlink(first.path, path);
  await test.enrolment.reconcile([podIn({ path })]);
  await Deno.remove(path);
  await Deno.symlink(second.path, path);
  await test.enrolment.reconcile([podIn({ path })]);
  assert.deepEqual(test.host.notes, [
    ...["add u1 plain", "remove u1 plain", "add u1 plain"],
  ]);
  assert.equal(await hasRules(first), false);
  assert.deepEqual(await differences(second), []);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("SelfEnrolment serves a pod anew that has another account, and leaves its rules", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  await using test = new TestNode(node, [pod]);
  await test.enrolment.reconcile([podIn(pod)]);
  const other = podIn(pod, { serviceAccount: "db" });
  await test.enrolment.reconcile([other]);
  await test.enrolment.reconcile([other]);
  assert.deepEqual(test.host.notes, [
    ...["add u1 plain", "remove u1 redirected", "add u1 redirected"],
  ]);
  assert.deepEqual(await differences(pod), []);
});

Deno.test("SelfEnrolment changes the rules of a pod that has other overrides, and serves it on", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  await using test = new TestNode(node, [pod]);
  await test.enrolment.reconcile([podIn(pod)]);
  const overrides = {
    bypassInboundCapture: true,
    rerouteVirtualInterfaces: [],
  };
  await test.enrolment.reconcile([podIn(pod, { overrides })]);
  assert.deepEqual(test.host.notes, ["add u1 plain"]);
  assert.deepEqual(await differences(pod, { ingressMode: true }), []);
});

Deno.test("SelfEnrolment lets probes through to addresses that a pod got later", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  await using test = new TestNode(node, [pod]);
  await test.enrolment.reconcile([podIn(pod, { ips: [] })]);
  assert.deepEqual(await test.probed(), []);
  await test.enrolment.reconcile([podIn(pod)]);
  assert.deepEqual(await test.probed(), ["10.77.0.2"]);
  assert.deepEqual(test.host.notes, ["add u1 plain"]);
});

Deno.test("SelfEnrolment leaves what is enrolled as it is when it ends", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  const before = countOpenFds();
  {
    await using test = new TestNode(node, [pod]);
    await test.enrolment.reconcile([podIn(pod)]);
    // A turn that has not begun yet must not take the pod out.
    const late = test.enrolment.reconcile([]);
    test.enrolment[Symbol.dispose]();
    await late;
    assert.deepEqual(test.host.notes, ["add u1 plain"]);
  }
  assert.deepEqual(await differences(pod), []);
  assert.equal(countOpenFds(), before);
});

Deno.test("SelfEnrolment does not try again once it has ended, in the middle of a turn or after it", async () => {
  await using node = await makeTestNetns();
  for (const inTurn of [true, false]) {
    await using test = new TestNode(node, [], { retryMs: 10 });
    const missing = podIn({ path: "/var/run/netns/none" });
    const turn = test.enrolment.reconcile([missing]);
    await Promise.resolve();
    if (!inTurn) await turn;
    test.enrolment[Symbol.dispose]();
    await turn;
    const { length } = test.turns;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(test.turns.length, length);
  }
});
