import assert from "node:assert/strict";
import type { PodHost, PodOrder } from "../../src/control/pod_host.ts";
import {
  SelfEnrolment,
  type SelfEnrolmentOptions,
} from "../../src/control/self_enrolment.ts";
import type { NodePod } from "../../src/kube/mod.ts";
import {
  chooseIptables,
  DEFAULT_PROBE_SOURCES,
  DEFAULT_REDIRECT_OPTIONS,
  HostRules,
  type Iptables,
  verifyRedirect,
} from "../../src/redirect/mod.ts";
import { runCommand } from "../../src/sys/command.ts";
import { closeFd } from "../../src/sys/libc.ts";
import { netnsId } from "../../src/sys/netns.ts";
import { countOpenFds } from "../../src/sys/open_fds.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { ip } from "../support/sample_mesh.ts";
import { makeTestNetns, type TestNetns } from "../support/test_netns.ts";

const backend = await chooseIptables(runCommand, {
  ipv6: true,
  forced: "nft",
});

/** The same, but that nothing can be written with it. */
const unwritable: Iptables = {
  ...backend,
  4: { ...backend[4], restore: "false" },
  6: { ...backend[6], restore: "false" },
};

/** A host that serves nothing, and notes in what state a pod came and went. */
class Host implements PodHost {
  readonly notes: string[] = [];
  readonly #pods = new Map<string, string>();
  /** What the next order fails with. */
  refuses: string | undefined;
  readonly #netnses: readonly TestNetns[];

  constructor(netnses: readonly TestNetns[]) {
    this.#netnses = netnses;
  }

  async add({ uid, netns }: PodOrder): Promise<void> {
    assert.ok(netns !== undefined);
    const id = netnsId(netns);
    closeFd(netns);
    this.notes.push(`add ${uid} ${await this.#rules(id)}`);
    if (this.refuses !== undefined) throw new Error(this.refuses);
    this.#pods.set(uid, id);
  }

  async remove(uid: string): Promise<void> {
    const id = this.#pods.get(uid);
    this.#pods.delete(uid);
    this.notes.push(
      `remove ${uid} ${id === undefined ? "unknown" : await this.#rules(id)}`,
    );
  }

  running(): string[] {
    return [...this.#pods.keys()];
  }

  async #rules(id: string): Promise<string> {
    const netns = this.#netnses.find(({ fd }) => netnsId(fd) === id)!;
    return await hasRules(netns) ? "redirected" : "plain";
  }
}

async function hasRules(netns: TestNetns): Promise<boolean> {
  const text = await netns.sh("iptables-nft-save; ip6tables-nft-save");
  return text.includes("ISTIO");
}

const differences = (netns: TestNetns) =>
  verifyRedirect({
    netns: netns.fd,
    backend,
    options: { ...DEFAULT_REDIRECT_OPTIONS, dnsCapture: false },
  });

/** A node of its own, and an enrolment on it. */
class TestNode implements AsyncDisposable {
  readonly host: Host;
  readonly enrolment: SelfEnrolment;
  readonly turns: string[][] = [];
  readonly #lines: string[] = [];
  readonly #node: TestNetns;

  constructor(
    node: TestNetns,
    pods: readonly TestNetns[],
    fields: Partial<SelfEnrolmentOptions> = {},
  ) {
    this.#node = node;
    this.host = new Host(pods);
    const logging = createLogging({
      format: "plain",
      filter: "debug",
      write: (text) => this.#lines.push(text),
      now: () => new Date(0),
    });
    this.enrolment = new SelfEnrolment({
      host: this.host,
      backend,
      hostRules: new HostRules({
        netns: node.fd,
        backend,
        ipv6: true,
        owner: { name: "test", probeSources: DEFAULT_PROBE_SOURCES },
      }),
      ipv6: true,
      dnsCapture: false,
      log: logging.scope("inpod"),
      onTurn: (failing) => this.turns.push([...failing.values()]),
      ...fields,
    });
  }

  /** Addresses that the node's own processes may probe. */
  async probed(): Promise<string[]> {
    const text = await this.#node.sh("iptables-nft-save -t nat");
    return [...text.matchAll(/-d (10\.[\d.]+)/g)].map(([, found]) => found!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.enrolment[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

const podIn = (
  netns: { readonly path: string },
  fields: Partial<NodePod> = {},
): NodePod => ({
  uid: "u1",
  name: "web",
  namespace: "ns1",
  serviceAccount: "web",
  netnsPath: netns.path,
  ips: [ip("10.77.0.2")],
  overrides: { bypassInboundCapture: false, rerouteVirtualInterfaces: [] },
  ...fields,
});

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

const changes: [name: string, fields: Partial<NodePod>][] = [
  ["another account", { serviceAccount: "db" }],
  [
    "other overrides",
    {
      overrides: { bypassInboundCapture: true, rerouteVirtualInterfaces: [] },
    },
  ],
];
for (const [name, fields] of changes) {
  Deno.test(`SelfEnrolment enrols a pod anew that has ${name}`, async () => {
    await using node = await makeTestNetns();
    await using pod = await makeTestNetns();
    await using test = new TestNode(node, [pod]);
    await test.enrolment.reconcile([podIn(pod)]);
    await test.enrolment.reconcile([podIn(pod, fields)]);
    assert.deepEqual(test.host.notes, [
      ...["add u1 plain", "remove u1 plain", "add u1 plain"],
    ]);
  });
}

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
