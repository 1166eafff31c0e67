import assert from "node:assert/strict";
import {
  NodeLeftovers,
  PodLeftovers,
  type PodRulesFate,
} from "../../src/control/leftovers.ts";
import type { NodePod } from "../../src/kube/mod.ts";
import type { LeftBehind } from "../../src/redirect/node/mod.ts";

const pod = (name: string): NodePod => ({
  uid: name,
  name,
  namespace: "default",
  serviceAccount: name,
  netnsPath: "/n",
  ips: [],
  overrides: { bypassInboundCapture: false, rerouteVirtualInterfaces: [] },
});

/** Notes what is said and done; tries again at once. */
class Notes {
  readonly lines: string[] = [];
  readonly options = {
    log: {
      info: (message: string) => void this.lines.push(message),
      warn: (message: string, fields?: object) =>
        void this.lines.push(
          `${message}: ${Object.values(fields ?? {}).join(" ")}`,
        ),
    },
    signal: new AbortController().signal,
    retryMs: 1,
  };

  async until(count: number): Promise<readonly string[]> {
    while (this.lines.length < count) await new Promise((r) => setTimeout(r));
    return this.lines;
  }
}

const REMOVED = "the node's own redirection is removed, which nobody served";

Deno.test("NodeLeftovers remove what nobody serves, once all pods are enrolled", async () => {
  const notes = new Notes();
  let found: LeftBehind = "idle";
  const leftovers = new NodeLeftovers({
    ...notes.options,
    find: () => Promise.resolve(found),
    remove: () => Promise.resolve(void (found = "none")),
  });
  await leftovers.settle(2);
  await leftovers.settle(2);
  assert.deepEqual(notes.lines, [
    "the node's own redirection stays: 2 pods are not enrolled, and would be " +
    "open (hint: hairpin redirect remove --node)",
  ]);
  await leftovers.settle(0);
  assert.equal((await notes.until(2))[1], REMOVED);
  assert.equal(found, "none");
});

Deno.test("NodeLeftovers wait for the end of whoever serves them", async () => {
  const notes = new Notes();
  const states: LeftBehind[] = ["served", "served", "served", "idle"];
  const leftovers = new NodeLeftovers({
    ...notes.options,
    find: () => Promise.resolve(states.shift() ?? "none"),
    remove: () => Promise.resolve(),
  });
  await leftovers.settle(0);
  assert.deepEqual(await notes.until(2), [
    "the node's own redirection stays: another process redirects this node",
    REMOVED,
  ]);
});

Deno.test("NodeLeftovers say why they cannot be removed, and try again", async () => {
  const notes = new Notes();
  let failures = 3;
  const leftovers = new NodeLeftovers({
    ...notes.options,
    find: () => Promise.resolve("idle"),
    remove: () =>
      failures-- > 0 ? Promise.reject(new Error("no nft")) : Promise.resolve(),
  });
  await leftovers.settle(0);
  assert.deepEqual(await notes.until(2), [
    "cannot remove the node's own redirection: no nft",
    REMOVED,
  ]);
});

Deno.test("NodeLeftovers leave a node alone that has none, and do not look again", async () => {
  const notes = new Notes();
  let looks = 0;
  const leftovers = new NodeLeftovers({
    ...notes.options,
    find: () => Promise.resolve((looks++, "none")),
    remove: assert.fail,
  });
  await leftovers.settle(0);
  await leftovers.settle(0);
  assert.deepEqual([looks, notes.lines], [1, []]);
});

Deno.test("PodLeftovers remove a pod's rules when nobody serves it there any more", async () => {
  const notes = new Notes();
  const fates: Record<string, PodRulesFate[]> = {
    a: ["none"],
    b: ["served", "served", "removed"],
  };
  const leftovers = new PodLeftovers({
    ...notes.options,
    remove: ({ name }) => Promise.resolve(fates[name]?.shift() ?? "none"),
  });
  leftovers.add(pod("a"));
  leftovers.add(pod("b"));
  assert.deepEqual(await notes.until(2), [
    "the pod's own redirection stays: b default another process serves it there",
    "the pod's own redirection is removed",
  ]);
});

Deno.test("PodLeftovers say once that pods cannot be entered, and go on", async () => {
  const notes = new Notes();
  const leftovers = new PodLeftovers({
    ...notes.options,
    remove: ({ name }) =>
      name === "c"
        ? Promise.resolve("removed")
        : Promise.reject(new Error("not allowed")),
  });
  for (const name of ["a", "b", "c"]) leftovers.add(pod(name));
  assert.deepEqual(await notes.until(2), [
    "cannot look for rules in pods: not allowed",
    "the pod's own redirection is removed",
  ]);
});

Deno.test("PodLeftovers forget a pod that is captured no more", async () => {
  const notes = new Notes();
  const asked: string[] = [];
  const leftovers = new PodLeftovers({
    ...notes.options,
    remove({ name }) {
      asked.push(name);
      return Promise.resolve(name === "a" ? "served" : "removed");
    },
  });
  leftovers.add(pod("a"));
  await notes.until(1);
  leftovers.forget("a");
  leftovers.add(pod("b"));
  await notes.until(2);
  const count = asked.length;
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(asked.length, count);
  assert.equal(asked.at(-1), "b");
});
