/**
 * A pod that was redirected or stopped before stays closed, whatever fails: an
 * attacker tries to pass the proxy by all the while, both ways.
 */
import assert from "node:assert/strict";
import {
  applyRedirect,
  type Backend,
  type BackendName,
  chooseBackend,
  DEFAULT_REDIRECT_OPTIONS,
  type Iptables,
} from "../../src/redirect/mod.ts";
import { runCommand } from "../../src/sys/command.ts";
import { hasRules, podIn, TestNode } from "../support/enrolment_node.ts";
import { Programs, TableOwner, withRestore } from "../support/rule_faults.ts";
import { makeTestNetns, sh, type TestNetns } from "../support/test_netns.ts";

const IPS = { node: "10.77.0.1", pod: "10.77.0.2" } as const;
const PORT = 8080;

const SERVE = `Deno.serve({ port: ${PORT}, onListen: () => console.log("up") },
  () => new Response("passed\\n"));`;

/** A program that answers in a namespace until the end of its scope. */
async function serveIn({ name }: TestNetns): Promise<AsyncDisposable> {
  const server = new Deno.Command("ip", {
    args: ["netns", "exec", name, Deno.execPath(), "eval", SERVE],
    stdout: "piped",
  }).spawn();
  const reader = server.stdout.getReader();
  await reader.read();
  return {
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await reader.cancel();
      await server.status;
    },
  };
}

/** A pod and its node, wired to each other, each with a program that answers. */
class Wired implements AsyncDisposable {
  private constructor(
    readonly node: TestNetns,
    readonly pod: TestNetns,
    readonly stack: AsyncDisposableStack,
  ) {}

  static async make(): Promise<Wired> {
    await using stack = new AsyncDisposableStack();
    const node = stack.use(await makeTestNetns());
    const pod = stack.use(await makeTestNetns());
    await sh(`
      ip -n ${node.name} link add up0 type veth peer name eth0 netns ${pod.name}
      ip -n ${node.name} addr add ${IPS.node}/24 dev up0
      ip -n ${pod.name} addr add ${IPS.pod}/24 dev eth0
      ip -n ${node.name} link set up0 up; ip -n ${pod.name} link set eth0 up`);
    for (const place of [node, pod]) stack.use(await serveIn(place));
    return new Wired(node, pod, stack.move());
  }

  /** Calls both ways, over and over, until the action is over. @returns how many got through. */
  async attackDuring(action: () => Promise<void>): Promise<number> {
    const folder = await Deno.makeTempDir();
    const calls = [[this.pod, IPS.node], [this.node, IPS.pod]] as const;
    const attacks = calls.map(([from, to]) =>
      from.sh(`while :; do
        curl -s -m 0.2 http://${to}:${PORT} || true
        [ ! -e ${folder}/over ] || break
      done`)
    );
    let said: string[] = [];
    try {
      await action();
    } finally {
      await Deno.writeTextFile(`${folder}/over`, "");
      said = await Promise.all(attacks);
      await Deno.remove(folder, { recursive: true });
    }
    return said.join("").split("\n").filter((line) => line === "passed")
      .length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack.disposeAsync();
  }
}

const real = (choice: BackendName) =>
  chooseBackend(runCommand, { ipv6: true, choice });

/** Nothing can be written with it. */
const broken = async (choice: BackendName): Promise<Backend> => {
  const backend = await real(choice);
  return backend.kind === "nftables"
    ? { kind: "nftables", nft: `${import.meta.dirname}/no-such-nft` }
    : withRestore(backend, "false", "false");
};

/** What an earlier process has left. */
interface Before {
  readonly what: string;
  readonly left: (pod: TestNetns) => Promise<void>;
  readonly by: BackendName;
}

const redirected = async (pod: TestNetns, choice: BackendName) => {
  // Not what is wanted now, so that something is to be written.
  const options = { ...DEFAULT_REDIRECT_OPTIONS, dnsCapture: true };
  const backend = await real(choice);
  await applyRedirect({ netns: pod.fd, backend, options });
};

async function stopped(
  pod: TestNetns,
  choice: "iptables-legacy" | "iptables-nft",
) {
  await using programs = await Programs.make();
  await redirected(pod, choice);
  const backend = await real(choice) as Iptables;
  const { restore } = backend[4];
  // The guardrails can be written, what follows them cannot.
  const path = await programs.put(
    "restore",
    `text=$(cat)
    case $text in *guardrail*) echo "$text" | ${restore} "$@"; exit ;; esac
    exit 1`,
  );
  await assert.rejects(
    applyRedirect({
      netns: pod.fd,
      backend: withRestore(backend, path, backend[6].restore),
      options: { ...DEFAULT_REDIRECT_OPTIONS, dnsCapture: false },
    }),
    /TCP and UDP stay stopped/,
  );
}

const BEFORE: readonly Before[] = [
  ...(["iptables-legacy", "iptables-nft"] as const).flatMap((by) => [
    {
      what: `redirected otherwise, ${by}`,
      by,
      left: (pod: TestNetns) => redirected(pod, by),
    },
    {
      what: `stopped by a guardrail, ${by}`,
      by,
      left: (pod: TestNetns) => stopped(pod, by),
    },
  ]),
  {
    what: "redirected otherwise, nftables",
    by: "nftables",
    left: (pod) => redirected(pod, "nftables"),
  },
  {
    what: "redirected by another backend",
    by: "iptables-nft",
    left: (pod) => redirected(pod, "nftables"),
  },
];

for (const { what, left, by } of BEFORE) {
  Deno.test(`SelfEnrolment that fails leaves a pod closed that was ${what}`, async () => {
    await using wired = await Wired.make();
    const { node, pod } = wired;
    assert.ok(await wired.attackDuring(async () => {}) > 0);
    await left(pod);
    {
      await using test = new TestNode(node, [pod], {
        backend: await broken(by),
      });
      const passed = await wired.attackDuring(async () => {
        for (let turn = 0; turn < 2; turn++) {
          await test.enrolment.reconcile([podIn(pod)]);
        }
      });
      assert.equal(passed, 0);
      assert.deepEqual([...test.enrolment.failing.keys()], ["u1"]);
      assert.deepEqual(test.host.running(), []);
      assert.ok(await hasRules(pod));
    }
    await using mended = new TestNode(node, [pod], { backend: await real(by) });
    const passed = await wired.attackDuring(() =>
      mended.enrolment.reconcile([podIn(pod)])
    );
    assert.equal(passed, 0);
    assert.deepEqual(mended.host.running(), ["u1"]);
    assert.deepEqual([...mended.enrolment.failing], []);
  });
}

Deno.test("SelfEnrolment opens a pod again that failed, once it is not wanted", async () => {
  await using wired = await Wired.make();
  const { node, pod } = wired;
  await stopped(pod, "iptables-nft");
  const backend = await broken("iptables-nft");
  await using test = new TestNode(node, [pod], { backend });
  await test.enrolment.reconcile([podIn(pod)]);
  await test.enrolment.reconcile([]);
  assert.equal(await hasRules(pod), false);
  assert.deepEqual([...test.enrolment.failing], []);
  assert.ok(await wired.attackDuring(async () => {}) > 0);
});

Deno.test("SelfEnrolment never opens a pod whose account and overrides change", async () => {
  await using wired = await Wired.make();
  const { node, pod } = wired;
  await using test = new TestNode(node, [pod]);
  await test.enrolment.reconcile([podIn(pod)]);
  const overrides = { dnsCapture: true, rerouteVirtualInterfaces: ["br0"] };
  const changed = podIn(pod, {
    serviceAccount: "db",
    overrides: { bypassInboundCapture: false, ...overrides },
  });
  test.host.refuses = "port taken";
  const passed = await wired.attackDuring(async () => {
    await test.enrolment.reconcile([changed]);
    assert.equal(test.enrolment.failing.get("u1"), "port taken");
    test.host.refuses = undefined;
    await test.enrolment.reconcile([changed]);
  });
  assert.equal(passed, 0);
  assert.deepEqual([...test.enrolment.failing], []);
  assert.deepEqual(test.host.running(), ["u1"]);
  assert.match(await pod.sh("iptables-nft-save"), /-i br0 /);
});

Deno.test("SelfEnrolment serves a pod on whose rules cannot be removed, until they can", async () => {
  await using wired = await Wired.make();
  const { node, pod } = wired;
  const backend = await real("nftables");
  await using test = new TestNode(node, [pod], { backend });
  await test.enrolment.reconcile([podIn(pod)]);
  const table = "istio-ambient-nat";
  await pod.sh(`nft delete table inet ${table}`);
  await using owner = await TableOwner.start(pod, table);
  await test.enrolment.reconcile([]);
  assert.match(
    test.enrolment.failing.get("u1") ?? "",
    /Operation not permitted/,
  );
  assert.deepEqual(test.host.running(), ["u1"]);
  await owner.end();
  await test.enrolment.reconcile([]);
  assert.deepEqual([...test.enrolment.failing], []);
  assert.deepEqual(test.host.running(), []);
  assert.ok(await wired.attackDuring(async () => {}) > 0);
});
