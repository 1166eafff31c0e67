/** The plugin and the node's side of it, over real sockets and in real namespaces. */
import assert from "node:assert/strict";
import {
  CaptureGate,
  type PodGate,
  runPlugin,
  serveNode,
} from "../../../src/control/cni/mod.ts";
import { PodNetns } from "../../../src/control/pod_netns.ts";
import { netnsId } from "../../../src/sys/netns.ts";
import { countOpenFds } from "../../../src/sys/open_fds.ts";
import { createLogging } from "../../../src/telemetry/log.ts";
import type { PodMessage } from "../../../src/wire/cni/mod.ts";
import { parsed, pod, raw } from "../../kube/objects.ts";
import { makeTestNetns } from "../../support/test_netns.ts";

const PREV = { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }] };

const log = createLogging({
  filter: "off",
  format: "plain",
  write: () => {},
  now: () => new Date(0),
}).scope("test");

class Scratch implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "hairpin-cni-" });
  readonly socket = `${this.path}/run/cni.sock`;

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

const ask = async (
  command: string,
  conf: object,
  environment: Record<string, string> = {},
) => {
  const { stdout, exitCode } = await runPlugin(
    {
      CNI_COMMAND: command,
      CNI_CONTAINERID: "c1",
      CNI_NETNS: "/var/run/netns/none",
      CNI_IFNAME: "eth0",
      CNI_ARGS: "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart",
      ...environment,
    },
    JSON.stringify({ cniVersion: "1.1.0", name: "n", ...conf }),
  );
  return { exitCode, said: stdout === "" ? undefined : JSON.parse(stdout) };
};

/** A gate that answers alike and notes what it was asked. */
function gateThat(outcome: "captured" | "passed" | "refused") {
  const asked: PodMessage[] = [];
  const answer = { outcome, reason: "because" };
  const note = (message: PodMessage) => (asked.push(message), answer);
  const gate: PodGate = {
    add: (message) => Promise.resolve(note(message)),
    check: (message) => Promise.resolve(note(message)),
    del: (message) => Promise.resolve(note(message)),
    status: () => answer,
  };
  return { asked, gate };
}

Deno.test("the plugin fails closed without a node process, and passes excluded namespaces", async () => {
  using scratch = new Scratch();
  const conf = { agent_socket: scratch.socket, prevResult: PREV };
  const add = await ask("ADD", conf);
  assert.equal(add.exitCode, 1);
  assert.equal(add.said.code, 11);
  assert.equal((await ask("CHECK", conf)).said.code, 11);
  assert.equal((await ask("STATUS", conf)).said.code, 50);
  assert.equal((await ask("DEL", conf)).exitCode, 0);
  assert.equal((await ask("GC", conf)).exitCode, 0);
  const excluded = { ...conf, exclude_namespaces: ["shop"] };
  assert.deepEqual(await ask("ADD", excluded), { exitCode: 0, said: PREV });
  const nobodys = await ask("ADD", conf, { CNI_ARGS: "" });
  assert.deepEqual(nobodys, { exitCode: 0, said: PREV });
});

const answers = [["captured", 0], ["passed", 0], ["refused", 1]] as const;
for (const [outcome, exitCode] of answers) {
  Deno.test(`the plugin exits with ${exitCode} when the node says ${outcome}`, async () => {
    using scratch = new Scratch();
    const { gate, asked } = gateThat(outcome);
    await using _server = serveNode({ path: scratch.socket, gate, log });
    const conf = { agent_socket: scratch.socket, prevResult: PREV };
    const add = await ask("ADD", conf);
    assert.equal(add.exitCode, exitCode);
    if (exitCode === 0) assert.deepEqual(add.said, PREV);
    else assert.match(add.said.msg, /pod "shop\/cart": because$/);
    assert.deepEqual(asked, [{
      containerId: "c1",
      netns: "/var/run/netns/none",
      name: "cart",
      namespace: "shop",
      ips: ["10.0.0.2"],
    }]);
    assert.equal((await ask("CHECK", conf)).exitCode, exitCode);
    assert.equal((await ask("STATUS", conf)).exitCode, exitCode);
    assert.equal((await ask("DEL", conf)).exitCode, 0);
  });
}

Deno.test("serveNode() takes a socket over, and its owner before leaves it alone", async () => {
  using scratch = new Scratch();
  const path = scratch.socket;
  const before = serveNode({ path, gate: gateThat("refused").gate, log });
  await using _after = serveNode({ path, gate: gateThat("passed").gate, log });
  await before[Symbol.asyncDispose]();
  const conf = { agent_socket: path };
  assert.deepEqual(await ask("ADD", conf), {
    exitCode: 0,
    said: { cniVersion: "1.1.0" },
  });
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
});

Deno.test("serveNode() answers bad questions, and good ones after them", async () => {
  using scratch = new Scratch();
  const path = scratch.socket;
  await using _server = serveNode({ path, gate: gateThat("passed").gate, log });
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const status = async (at: string, body?: string) => {
    const response = await fetch(`http://unix${at}`, {
      client,
      ...body !== undefined && { method: "POST", body },
    });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await status("/v1/add", "{}"), 400);
  assert.equal(await status("/v1/add", "x".repeat(70_000)), 400);
  assert.equal(await status("/v1/add"), 405);
  assert.equal(await status("/v2/add", "{}"), 404);
  assert.equal(await status("/v1/status"), 200);
});

const ambient = raw("Namespace", "shop", {
  metadata: { labels: { "istio.io/dataplane-mode": "ambient" } },
});
const objects = parsed(
  ambient,
  pod("cart", "10.0.0.2", { metadata: { uid: "u-1" } }),
);
const settings = {};

/** A gate whose enrolment captures what it holds, or fails with `why`. */
function captureGate(
  netnses: PodNetns,
  why?: string,
  procRoot?: string,
  differenceOf = (): Promise<string | undefined> => Promise.resolve(undefined),
) {
  const captured = new Map<string, string>();
  const gate = new CaptureGate({
    netnses,
    enrolment: {
      failing: new Map(why === undefined ? [] : [["u-1", why]]),
      capturedIn: (uid) => captured.get(uid),
      differenceOf,
    },
    reconcile() {
      captured.clear();
      const held = netnses.get("u-1");
      if (held && why === undefined) captured.set("u-1", netnsId(held.netns));
      return Promise.resolve();
    },
    tellsOfAll: true,
    unknownWaitMs: 20,
    ...procRoot !== undefined && { procRoot },
  });
  return gate;
}

const message = (netns: string, name = "cart"): PodMessage => ({
  containerId: "c1",
  netns,
  name,
  namespace: "shop",
  ips: ["10.0.0.2"],
});

Deno.test("CaptureGate captures a pod in the namespace that it is told, until that ends", async () => {
  await using netns = await makeTestNetns();
  using netnses = new PodNetns();
  const gate = captureGate(netnses);
  const early = await gate.add(message(netns.path));
  assert.match(early.reason ?? "", /does not know the mesh yet/);
  gate.know({ objects, settings });
  const soon = await gate.add(message(netns.path));
  assert.match(soon.reason ?? "", /not ready yet/);
  assert.equal(gate.status().outcome, "refused");
  gate.begin();
  assert.equal(gate.status().outcome, "done");
  assert.equal((await gate.add(message(netns.path))).outcome, "captured");
  assert.deepEqual(netnses.get("u-1")?.ips, ["10.0.0.2"]);
  assert.equal((await gate.check(message(netns.path))).outcome, "captured");
  const elsewhere = await gate.check(message("/proc/self/ns/net"));
  assert.equal(elsewhere.outcome, "refused");
  await gate.del(message(netns.path));
  assert.equal(netnses.get("u-1"), undefined);
  assert.equal((await gate.check(message(netns.path))).outcome, "refused");
});

Deno.test("CaptureGate says what is other than it should be in a pod's redirection", async () => {
  await using netns = await makeTestNetns();
  using netnses = new PodNetns();
  const found: (() => Promise<string | undefined>)[] = [
    () => Promise.resolve("a rule is missing"),
    () => Promise.reject(new Error("no iptables")),
  ];
  const gate = captureGate(netnses, undefined, undefined, () => found[0]!());
  gate.begin();
  gate.know({ objects, settings });
  assert.equal((await gate.add(message(netns.path))).outcome, "captured");
  for (const why of [/was changed: a rule is missing$/, /^no iptables$/]) {
    const { outcome, reason } = await gate.check(message(netns.path));
    assert.equal(outcome, "refused");
    assert.match(reason ?? "", why);
    found.shift();
  }
});

Deno.test("CaptureGate finds a namespace that the node names by a process", async () => {
  await using netns = await makeTestNetns();
  using netnses = new PodNetns();
  using proc = new Scratch();
  Deno.mkdirSync(`${proc.path}/17/ns`, { recursive: true });
  Deno.symlinkSync(netns.path, `${proc.path}/17/ns/net`);
  const gate = captureGate(netnses, undefined, proc.path);
  gate.begin();
  gate.know({ objects, settings });
  const named = message("/proc/17/ns/net");
  assert.equal((await gate.add(named)).outcome, "captured");
  assert.equal((await gate.check(named)).outcome, "captured");
  assert.equal((await gate.check(message(netns.path))).outcome, "captured");
  const other = await gate.add(message("/proc/1/ns/net"));
  assert.match(other.reason ?? "", /Cannot open ".*\/1\/ns\/net"/);
});

Deno.test("CaptureGate waits for a pod that is not known yet, and not for ever", async () => {
  await using netns = await makeTestNetns();
  using netnses = new PodNetns();
  const gate = captureGate(netnses);
  gate.begin();
  gate.know({ objects: parsed(ambient), settings });
  const unknown = await gate.add(message(netns.path));
  assert.deepEqual(unknown, {
    outcome: "refused",
    reason: "no object tells of it",
  });
  const waiting = gate.add(message(netns.path));
  gate.know({ objects, settings });
  assert.equal((await waiting).outcome, "captured");
});

Deno.test("CaptureGate holds nothing of a pod that could not be captured", async () => {
  await using netns = await makeTestNetns();
  using netnses = new PodNetns();
  const gate = captureGate(netnses, "no rules");
  gate.begin();
  gate.know({ objects, settings });
  const fds = countOpenFds();
  assert.deepEqual(await gate.add(message(netns.path)), {
    outcome: "refused",
    reason: "no rules",
  });
  const nowhere = await gate.add(message("/var/run/netns/not-there"));
  assert.equal(nowhere.outcome, "refused");
  assert.equal(countOpenFds(), fds);
  assert.equal(netnses.get("u-1"), undefined);
});
