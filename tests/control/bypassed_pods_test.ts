import assert from "node:assert/strict";
import { BypassedPods } from "../../src/control/bypassed_pods.ts";
import type { BypassedPod } from "../../src/kube/mod.ts";

const cart: BypassedPod = {
  uid: "u-1",
  name: "cart",
  namespace: "shop",
  untilMs: undefined,
  netnsPath: "/run/cart",
};

function watched(removeRules: (path: string) => Promise<void>) {
  const said: string[] = [];
  const count = { value: 0 };
  const pods = new BypassedPods({
    log: {
      warn: (words, fields) => said.push(`${words} ${fields?.until ?? ""}`),
      error: (words) => said.push(words),
    },
    count,
    removeRules,
    tell: ({ type, reason }) => said.push(`${type} ${reason}`),
  });
  return { pods, said, count };
}

Deno.test("BypassedPods says each beginning and end once, and counts", async () => {
  const { pods, said, count } = watched(() => Promise.resolve());
  await pods.put([cart]);
  await pods.put([cart]);
  assert.deepEqual(said.splice(0), [
    "pod bypasses the proxy its annotation is removed",
    "Warning CaptureBypassed",
  ]);
  assert.deepEqual([count.value, pods.list], [1, [cart]]);
  await pods.put([{ ...cart, untilMs: 0 }]);
  assert.deepEqual(said.splice(0), [
    "pod bypasses the proxy 1970-01-01T00:00:00Z",
    "Warning CaptureBypassed",
  ]);
  await pods.put([]);
  assert.deepEqual(said.splice(0), [
    "pod no longer bypasses the proxy ",
    "Normal CaptureBypassEnded",
  ]);
  assert.deepEqual([count.value, pods.list], [0, []]);
});

Deno.test("BypassedPods removes what was left once, and tries again what failed", async () => {
  const removed: string[] = [];
  let failing = true;
  const { pods, said } = watched((path) => {
    removed.push(path);
    return failing ? Promise.reject(new Error("no")) : Promise.resolve();
  });
  await pods.put([cart]);
  assert.equal(said[0], "cannot remove a bypassing pod's redirection");
  failing = false;
  await pods.put([cart]);
  await pods.put([cart]);
  assert.deepEqual(removed, ["/run/cart", "/run/cart"]);
});
