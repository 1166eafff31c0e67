import assert from "node:assert/strict";
import { NodeCapture } from "../../src/control/node_capture.ts";
import type { PodOrder } from "../../src/control/pod_host.ts";
import type { NodePod } from "../../src/kube/mod.ts";
import type { Ip } from "../../src/model/address.ts";
import type { CapturedAddress } from "../../src/redirect/node/mod.ts";
import type { Fd } from "../../src/sys/libc.ts";

const pod = (
  name: string,
  ip: string,
  more: Partial<NodePod> = {},
): NodePod => ({
  uid: name,
  name,
  namespace: "default",
  serviceAccount: name,
  netnsPath: "",
  ips: ip === "" ? [] : [ip as Ip],
  overrides: { bypassInboundCapture: false, rerouteVirtualInterfaces: [] },
  ...more,
});

/** A host and rules that note what is asked of them, in order. */
class Node {
  readonly steps: string[] = [];
  readonly logged: string[] = [];
  failingHost = "";
  failingRules = false;
  differences: string[] = [];
  failing: ReadonlyMap<string, string> = new Map();
  /** Addresses of pods whose DNS is captured. */
  asking: string[] = [];
  readonly capture: NodeCapture;

  constructor(dnsCapture = true) {
    const note = (message: string) => void this.logged.push(message);
    this.capture = new NodeCapture({
      host: {
        add: (order) => this.#add(order),
        remove: (uid) => this.#step(`stop ${uid}`),
        running: () => [],
      },
      rules: {
        openProxyNetns: () => 7 as Fd,
        apply: (addresses) => this.#apply(addresses),
        remove: () => this.#step("remove rules"),
      },
      findPlaces: (wanted) => Promise.resolve(wanted),
      dnsCapture,
      log: { error: note, warn: note, info: note },
      onTurn: (failing) => {
        this.failing = failing;
      },
      retryMs: 1,
    });
  }

  take(): string[] {
    return this.steps.splice(0);
  }

  #step(step: string): Promise<void> {
    this.steps.push(step);
    return Promise.resolve();
  }

  #add({ uid, netns, ips }: PodOrder): Promise<void> {
    if (uid === this.failingHost) throw new Error("no listeners");
    assert.equal(netns, 7);
    return this.#step(`serve ${uid} ${ips}`);
  }

  async #apply(addresses: readonly CapturedAddress[]): Promise<string[]> {
    if (this.failingRules) throw new Error("no nft");
    this.asking = addresses.flatMap(({ ip, dns }) => dns ? [ip] : []);
    await this.#step(`capture ${addresses.map(({ ip }) => ip)}`);
    return this.differences;
  }
}

const A = pod("a", "10.0.0.1");
const B = pod("b", "10.0.0.2");

Deno.test("NodeCapture serves a pod before it captures it, and lets go in reverse", async () => {
  const node = new Node();
  await node.capture.reconcile([A, B]);
  assert.deepEqual(node.take(), [
    "serve a 10.0.0.1",
    "serve b 10.0.0.2",
    "capture 10.0.0.1,10.0.0.2",
  ]);
  await node.capture.reconcile([B]);
  assert.deepEqual(node.take(), ["capture 10.0.0.2", "stop a"]);
});

Deno.test("NodeCapture leaves a pod alone that has no address yet", async () => {
  const node = new Node();
  await node.capture.reconcile([pod("a", "")]);
  assert.deepEqual(node.take(), ["capture "]);
  assert.equal(node.failing.size, 0);
});

for (
  const [what, next] of [
    ["address", pod("a", "10.0.0.9")],
    ["identity", pod("a", "10.0.0.1", { serviceAccount: "other" })],
    ["namespace", pod("a", "10.0.0.1", { netnsPath: "/n" })],
  ] as const
) {
  Deno.test(`NodeCapture serves a pod anew whose ${what} changed`, async () => {
    const node = new Node();
    await node.capture.reconcile([A]);
    node.take();
    await node.capture.reconcile([next]);
    assert.deepEqual(node.take(), [
      "stop a",
      `serve a ${next.ips}`,
      `capture ${next.ips}`,
    ]);
  });
}

Deno.test("NodeCapture captures the others when one cannot be served, and tries again", async () => {
  const node = new Node();
  node.failingHost = "a";
  await node.capture.reconcile([A, B]);
  assert.deepEqual(node.take(), ["serve b 10.0.0.2", "capture 10.0.0.2"]);
  assert.deepEqual([...node.failing], [["a", "no listeners"]]);
  node.failingHost = "";
  await node.capture.reconcile([A, B]);
  assert.deepEqual(node.failing.size, 0);
  await node.capture.end();
});

Deno.test("NodeCapture goes on serving who leaves while the rules cannot be written", async () => {
  const node = new Node();
  await node.capture.reconcile([A, B]);
  node.take();
  node.failingRules = true;
  await node.capture.reconcile([B]);
  assert.deepEqual(node.take(), []);
  assert.deepEqual([...node.failing], [["node", "no nft"]]);
  node.failingRules = false;
  await node.capture.reconcile([B]);
  assert.deepEqual(node.take(), ["capture 10.0.0.2", "stop a"]);
  await node.capture.end();
});

Deno.test("NodeCapture says what somebody else changed, once that is put back", async () => {
  const node = new Node();
  await node.capture.reconcile([A]);
  node.differences = ["a rule is missing"];
  await node.capture.reconcile([A]);
  assert.deepEqual(node.logged.filter((line) => line.includes("changed")), [
    "the node's redirection was changed, put back",
  ]);
  assert.equal(node.take().at(-1), "capture 10.0.0.1");
});

Deno.test("NodeCapture leaves the DNS of those alone who say no, also later", async () => {
  const says = (dnsCapture: boolean) => ({
    ...B,
    overrides: { ...B.overrides, dnsCapture },
  });
  const node = new Node();
  await node.capture.reconcile([A, says(false)]);
  assert.deepEqual(node.asking, ["10.0.0.1"]);
  await node.capture.reconcile([A, says(true)]);
  assert.deepEqual(node.asking, ["10.0.0.1", "10.0.0.2"]);

  const without = new Node(false);
  await without.capture.reconcile([A, says(true)]);
  assert.deepEqual(without.asking, []);
});

Deno.test("NodeCapture says once that a pod is redirected", async () => {
  const node = new Node();
  await node.capture.reconcile([A]);
  await node.capture.reconcile([A]);
  assert.deepEqual(node.logged, ["pod redirected"]);
});

Deno.test("NodeCapture ends without a trace where no pod would be opened by that", async () => {
  const captured = new Node();
  await captured.capture.reconcile([A]);
  captured.take();
  await captured.capture.end();
  await captured.capture.reconcile([A, B]);
  assert.deepEqual(captured.take(), []);

  const empty = new Node();
  await empty.capture.reconcile([A]);
  await empty.capture.reconcile([]);
  empty.take();
  await empty.capture.end();
  assert.deepEqual(empty.take(), ["remove rules"]);
});
