import assert from "node:assert/strict";
import type { Ip } from "../../src/model/address.ts";
import type { ListeningSocket } from "../../src/sys/listening.ts";
import type { Fd } from "../../src/sys/libc.ts";
import { type NodePod as Pod, NodePods } from "../../src/worker/node_pods.ts";

const SOCKET: ListeningSocket = { fd: 5 as Fd, id: "5" };

const pod = (name: string, ips?: readonly string[]): Pod => ({
  info: {
    uid: name,
    name,
    namespace: "default",
    serviceAccount: name,
    ...ips && { ips: ips as Ip[] },
  },
  netns: 7 as Fd,
});

/** @returns the pods, whoever has an address, and how often listeners opened and closed. */
function openPods() {
  const count = { opened: 0, closed: 0 };
  const told: string[] = [];
  let podAt: ((ip: Ip) => Pod | undefined) | undefined;
  const pods = new NodePods<Pod>((netns, find) => {
    assert.equal(netns, 7);
    podAt = find;
    count.opened++;
    return {
      listening: [SOCKET],
      refuseNew: () => void told.push("refuse"),
      drain: () => Promise.resolve(void told.push("drain")),
      forget: ({ info }) => void told.push(`forget ${info.name}`),
      [Symbol.dispose]: () => void count.closed++,
    };
  });
  const at = (ip: string) => podAt?.(ip as Ip)?.info.name;
  return { pods, at, count, told };
}

Deno.test("NodePods opens listeners with the first pod and closes them with the last", () => {
  const { pods, at, count } = openPods();
  const [a, b] = [pod("a", ["10.0.0.1", "fd00::1"]), pod("b", ["10.0.0.2"])];
  assert.deepEqual(pods.add(a), [SOCKET]);
  assert.deepEqual(pods.add(b), [SOCKET]);
  assert.equal(at("fd00::1"), "a");
  assert.equal(at("10.0.0.2"), "b");
  assert.equal(at("10.0.0.3"), undefined);
  pods.delete(a);
  assert.equal(at("10.0.0.1"), undefined);
  assert.deepEqual(count, { opened: 1, closed: 0 });
  pods.delete(b);
  assert.deepEqual(count, { opened: 1, closed: 1 });
  pods.add(a);
  assert.deepEqual(count, { opened: 2, closed: 1 });
});

Deno.test("NodePods has nothing to do with a pod that has its own listeners", () => {
  const { pods, count } = openPods();
  assert.deepEqual(pods.add(pod("a")), []);
  pods.delete(pod("a"));
  assert.deepEqual(count, { opened: 0, closed: 0 });
});

Deno.test("NodePods leaves an address with the pod that has it now", () => {
  const { pods, at } = openPods();
  const [before, after] = [pod("a", ["10.0.0.1"]), pod("b", ["10.0.0.1"])];
  pods.add(before);
  pods.add(after);
  pods.delete(before);
  assert.equal(at("10.0.0.1"), "b");
});

Deno.test("NodePods has what serves them forget a pod, refuse, and end", async () => {
  const { pods, count, told } = openPods();
  await pods.drain();
  const [a, b] = [pod("a", ["10.0.0.1"]), pod("b", ["10.0.0.2"])];
  pods.add(a);
  pods.add(b);
  pods.delete(a);
  pods.refuseNew();
  assert.equal(count.closed, 0);
  await pods.drain();
  assert.deepEqual(told, ["forget a", "refuse", "drain"]);
});
