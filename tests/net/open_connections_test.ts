import assert from "node:assert/strict";
import {
  applyRedirect,
  applyRedirectToOpen,
  chooseIptables,
  countFates,
  DEFAULT_REDIRECT_OPTIONS,
  describeOpenConnections,
  NO_OPEN_CONNECTIONS,
  type OpenConnections,
  runRedirect,
} from "../../src/redirect/mod.ts";
import { runCommand } from "../../src/sys/command.ts";
import { countOpenFds } from "../../src/sys/open_fds.ts";
import {
  echoServer,
  joinNetns,
  openConnection,
} from "../support/open_connection.ts";
import { makeTestNetns, type TestNetns } from "../support/test_netns.ts";

const backend = await chooseIptables(runCommand, {
  ipv6: true,
  forced: "nft",
});

const targetIn = (pod: TestNetns) => ({
  netns: pod.fd,
  backend,
  options: { ...DEFAULT_REDIRECT_OPTIONS, dnsCapture: false },
});

/** A peer and a pod with connections both ways, of both families, and one inside of the pod. */
async function openAll() {
  await using stack = new AsyncDisposableStack();
  const peer = stack.use(await makeTestNetns());
  const pod = stack.use(await makeTestNetns());
  await joinNetns(peer, pod);
  stack.use(await echoServer(peer));
  stack.use(await echoServer(pod));
  const crossing = await Promise.all([
    openConnection(peer, "10.77.0.2"),
    openConnection(peer, "fd77::2"),
    openConnection(pod, "10.77.0.1"),
    openConnection(pod, "fd77::1"),
  ]);
  for (const connection of crossing) stack.use(connection);
  const inside = stack.use(await openConnection(pod, "127.0.0.1"));
  return { pod, peer, crossing, inside, scope: stack.move() };
}

const peersOf = ({ connections }: OpenConnections) =>
  connections.map(({ local, peer, fate }) =>
    `${local.replace(/:\d{3,}$/, ":*")} ${
      peer.replace(/:\d{3,}$/, ":*")
    } ${fate}`
  ).sort();

const all = (fate: string) => [
  `10.77.0.2:* 10.77.0.1:80 ${fate}`,
  `10.77.0.2:80 10.77.0.1:* ${fate}`,
  `[fd77::2]:* [fd77::1]:80 ${fate}`,
  `[fd77::2]:80 [fd77::1]:* ${fate}`,
];

Deno.test("applyRedirect() alone ends what is open with its next packet", async () => {
  const { pod, crossing, inside, scope } = await openAll();
  await using _ = scope;
  await applyRedirect(targetIn(pod));
  for (const one of crossing) assert.equal(await one.ask(), "ConnectionReset");
  assert.equal(await inside.ask(), "echo");
});

Deno.test("applyRedirectToOpen() keeps what is open, and names it", async () => {
  const { pod, crossing, inside, scope } = await openAll();
  await using _ = scope;
  const before = countOpenFds();
  const { outcome, open } = await applyRedirectToOpen(targetIn(pod), "keep");
  assert.equal(outcome, "created");
  assert.deepEqual(peersOf(open), all("kept"));
  assert.equal(open.problem, undefined);
  for (const one of [...crossing, inside]) {
    assert.equal(await one.ask(), "echo");
    assert.equal(await one.ask(), "echo");
  }
  assert.equal(countOpenFds(), before);
});

Deno.test("applyRedirectToOpen() resets what is open when it is told to", async () => {
  const { pod, crossing, inside, scope } = await openAll();
  await using _ = scope;
  const { open } = await applyRedirectToOpen(targetIn(pod), "reset");
  assert.deepEqual(peersOf(open), all("reset"));
  for (const one of crossing) assert.notEqual(await one.ask(), "echo");
  assert.equal(await inside.ask(), "echo");
});

Deno.test("applyRedirectToOpen() leaves alone what is open under rules that are there", async () => {
  const { pod, scope } = await openAll();
  await using _ = scope;
  await applyRedirectToOpen(targetIn(pod), "keep");
  const again = await applyRedirectToOpen(targetIn(pod), "reset");
  assert.equal(again.outcome, "adopted");
  assert.deepEqual(again.open, NO_OPEN_CONNECTIONS);
});

Deno.test("runRedirect() tells what became of open connections", async () => {
  const { pod, crossing, scope } = await openAll();
  await using _ = scope;
  const { lines } = await runRedirect({
    action: "apply",
    netns: pod.path,
    dryRun: false,
    ipv6: true,
  });
  assert.equal(
    lines[1],
    "open connections: 4 kept as they are, past the proxy",
  );
  assert.match(
    lines.join("\n"),
    /^ {2}10\.77\.0\.2:80 with 10\.77\.0\.1:\d+: kept$/m,
  );
  assert.equal(lines.length, 6);
  assert.equal(await crossing[0]!.ask(), "echo");
});

const open: OpenConnections = {
  connections: [
    { local: "a", peer: "b", fate: "kept" },
    { local: "a", peer: "c", fate: "ending" },
    { local: "a", peer: "d", fate: "kept" },
  ],
  problem: "Cannot track",
};

Deno.test("describeOpenConnections() counts each fate and names the problem", () => {
  assert.deepEqual(countFates(open), { kept: 2, reset: 0, ending: 1 });
  assert.equal(
    describeOpenConnections(open),
    "open connections: 2 kept as they are, past the proxy; 1 ending with their next packet; Cannot track",
  );
  assert.equal(describeOpenConnections(NO_OPEN_CONNECTIONS), undefined);
});
