import assert from "node:assert/strict";
import { followNodeAgent } from "../../src/control/node_agent.ts";
import type { PodHost, PodOrder } from "../../src/control/pod_host.ts";
import { ZdsViolation } from "../../src/control/zds/errors.ts";
import { closeFd } from "../../src/sys/libc.ts";
import { netnsId } from "../../src/sys/netns.ts";
import type { Logger } from "../../src/telemetry/log.ts";
import { encodeRequest } from "../../src/wire/inpod/mod.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { makeTestNetns } from "../support/test_netns.ts";
import { ZdsServer } from "../support/zds_server.ts";

const openFds = () => [...Deno.readDirSync("/proc/self/fd")].length;
const pod = { name: "web-0", namespace: "shop", serviceAccount: "web" };

/** A client under test, its agent to be, and a namespace to hand over. */
async function setUp() {
  const dir = await Deno.makeTempDir();
  const netns = await makeTestNetns();
  const before = openFds();
  const path = `${dir}/ztunnel.sock`;
  const served = new Map<string, string>();
  const host: PodHost = {
    add({ netns, ...pod }: PodOrder) {
      served.set(pod.uid, `${pod.namespace}/${pod.name} ${netnsId(netns!)}`);
      closeFd(netns!);
      return pod.uid === "stuck"
        ? Promise.reject(new Error("port in use"))
        : Promise.resolve();
    },
    remove: (uid) => Promise.resolve(void served.delete(uid)),
    running: () => [...served.keys()],
  };
  const clock = new FakeClock();
  const stop = new AbortController();
  const lines: string[] = [];
  const readiness: boolean[] = [];
  const followed = followNodeAgent({
    path,
    host,
    clock,
    random: () => 0.5,
    log: noteTo(lines),
    onReadyChange: (ready) => readiness.push(ready),
    signal: stop.signal,
  });
  followed.catch(() => {});
  return {
    ...{ path, netns, served, clock, stop, lines, readiness, followed },
    /** Listens where the client looks, and lets it look at once. */
    async listen() {
      const server = new ZdsServer(path);
      await clock.advance(15_000);
      return server;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await followed.catch(() => {});
      const after = openFds();
      await Deno.remove(dir, { recursive: true });
      await netns[Symbol.asyncDispose]();
      assert.equal(after, before, "descriptors left open");
    },
  };
}

function noteTo(lines: string[]): Logger {
  const note = (level: string) => (message: string) => {
    lines.push(`${level} ${message}`);
  };
  return {
    error: note("error"),
    warn: note("warn"),
    info: note("info"),
    debug() {},
    trace() {},
    enabled: () => true,
    within: () => noteTo(lines),
  };
}

Deno.test("followNodeAgent() greets, serves what it is given, and answers in order", async () => {
  await using at = await setUp();
  using server = await at.listen();
  using agent = await server.accept();
  assert.equal(agent.version, 1);
  assert.equal(await agent.add("a", pod, at.netns.path), "");
  assert.deepEqual([...at.served], [[
    "a",
    `shop/web-0 ${netnsId(at.netns.fd)}`,
  ]]);
  assert.deepEqual(at.readiness, []);
  assert.equal(await agent.snapshotSent(), "");
  assert.deepEqual(at.readiness, [true]);
  await agent.send(encodeRequest({ kind: "delete", uid: "a" }));
  await agent.send(
    encodeRequest({ kind: "add", uid: "stuck", pod }),
    [at.netns.fd],
  );
  await agent.send(encodeRequest({ kind: "delete", uid: "stuck" }));
  assert.equal(await agent.ack(), "");
  assert.equal(await agent.ack(), "failure to start proxy : port in use");
  assert.equal(await agent.ack(), "");
  assert.equal(at.served.size, 0);
});

Deno.test("followNodeAgent() looks for the agent with delays that double", async () => {
  await using at = await setUp();
  const waits: number[] = [];
  for (let i = 0; i < 12; i++) {
    waits.push(at.clock.nextMs! - at.clock.nowMs());
    await at.clock.advance(waits.at(-1)!);
  }
  const doubled = [20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240];
  assert.deepEqual(waits, [...doubled, 15_000, 15_000]);
  assert.match(
    at.lines[0]!,
    /^warn failed to connect to the Istio CNI node agent over ".*ztunnel.sock", is the node agent healthy\? details: .*No such file or directory.* retrying in 20ms$/,
  );
});

Deno.test("followNodeAgent() comes back and takes what is kept for still there", async () => {
  await using at = await setUp();
  using server = await at.listen();
  using first = await server.accept();
  for (const uid of ["kept", "gone"]) await first.add(uid, pod, at.netns.path);
  await first.snapshotSent();
  first[Symbol.dispose]();
  using second = await server.accept();
  assert.deepEqual(at.readiness, [true, false]);
  assert.deepEqual([...at.served.keys()], ["kept", "gone"]);
  assert.equal(await second.keep("kept"), "");
  assert.equal(await second.snapshotSent(), "");
  assert.deepEqual([...at.served.keys()], ["kept"]);
  assert.deepEqual(at.readiness, [true, false, true]);
  assert.ok(at.lines.includes("info process stream ended with eof"));
});

Deno.test("followNodeAgent() does not hurry an agent that hangs up at once", async () => {
  await using at = await setUp();
  using server = await at.listen();
  for (const delayMs of [20, 40, 80]) {
    (await server.accept())[Symbol.dispose]();
    while (at.clock.nextMs === undefined) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    assert.equal(at.clock.nextMs - at.clock.nowMs() >= delayMs, true);
    await at.clock.advance(15_000);
  }
});

const unreadable: [
  name: string,
  octets: Uint8Array,
  fds: number,
  error: RegExp,
][] = [
  [
    "an add without descriptor",
    encodeRequest({ kind: "add", uid: "a", pod }),
    0,
    /^failure to read message : No control message$/,
  ],
  [
    "an add with two descriptors",
    encodeRequest({ kind: "add", uid: "a", pod }),
    2,
    /^failure to read message : 2 descriptors in one packet$/,
  ],
  [
    "more descriptors than fit",
    encodeRequest({ kind: "add", uid: "a", pod }),
    9,
    /^failure to read message : the packet is truncated$/,
  ],
  [
    "a delete with a descriptor",
    encodeRequest({ kind: "delete", uid: "a" }),
    1,
    /^failure to read message : Unexpected control message$/,
  ],
  [
    "a packet too long",
    new Uint8Array(1025),
    1,
    /^failure to read message : the packet is truncated$/,
  ],
  [
    "octets that are no message",
    Uint8Array.of(0x0a, 0x7f),
    1,
    /^failure to read message : .+$/,
  ],
  [
    "a message without payload",
    Uint8Array.of(0x32, 0x00),
    0,
    /^failure to read message : no payload$/,
  ],
];
for (const [name, octets, fds, error] of unreadable) {
  Deno.test(`followNodeAgent() answers ${name} and connects anew`, async () => {
    await using at = await setUp();
    using server = await at.listen();
    using agent = await server.accept();
    await agent.snapshotSent();
    await agent.send(octets, Array.from({ length: fds }, () => at.netns.fd));
    assert.match(await agent.ack(), error);
    await agent.ended();
    using again = await server.accept();
    assert.equal(await again.snapshotSent(), "");
    assert.equal(at.served.size, 0);
  });
}

const violations: [
  name: string,
  ask: (
    agent: Awaited<ReturnType<ZdsServer["accept"]>>,
    netns: string,
  ) => Promise<string>,
  error: string,
][] = [
  [
    "a second snapshot",
    (agent) => agent.snapshotSent(),
    "a second snapshot was sent",
  ],
  [
    "a keep after the snapshot",
    (agent) => agent.keep("a"),
    "pod keep received after the snapshot",
  ],
];
for (const [name, ask, error] of violations) {
  Deno.test(`followNodeAgent() gives up on ${name}`, async () => {
    await using at = await setUp();
    using server = await at.listen();
    using agent = await server.accept();
    await agent.snapshotSent();
    assert.equal(
      await ask(agent, at.netns.path),
      `failure to process message : ${error}`,
    );
    await assert.rejects(at.followed, ZdsViolation);
    assert.equal(
      at.lines.at(-1),
      "error protocol mismatch error while processing stream, shutting down",
    );
  });
}

Deno.test("followNodeAgent() gives up on an add without workload info", async () => {
  await using at = await setUp();
  using server = await at.listen();
  using agent = await server.accept();
  const add = { kind: "add", uid: "a", pod: undefined } as const;
  const error = await agent.ask(add, [at.netns.fd]);
  assert.equal(error, "failure to process message : no workload info");
  await assert.rejects(at.followed, ZdsViolation);
});

Deno.test("followNodeAgent() ends when told, while waiting and while connected", async () => {
  await using waiting = await setUp();
  await settle();
  waiting.stop.abort();
  await waiting.followed;
  assert.equal(waiting.clock.timers, 0);
  await using connected = await setUp();
  using server = await connected.listen();
  using agent = await server.accept();
  await agent.add("stuck", pod, connected.netns.path);
  connected.stop.abort();
  await agent.ended();
  await connected.followed;
  assert.equal(connected.clock.timers, 0);
});
