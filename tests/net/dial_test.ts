import assert from "node:assert/strict";
import { type DialOptions, dialTcp } from "../../src/net/dial.ts";
import { withDescriptor } from "../../src/net/descriptor.ts";
import { DialError, type DialFailure } from "../../src/net/errors.ts";
import { libc } from "../../src/sys/libc.ts";
import { countOpenFds } from "../../src/sys/open_fds.ts";
import { at, ip } from "../support/sample_mesh.ts";
import { freePort, gone, TestListener } from "../support/sockets.ts";
import { makeTestNetns } from "../support/test_netns.ts";

/** Runs a dial that must fail. */
async function failure(
  to: ReturnType<typeof at>,
  options: Partial<DialOptions> = {},
): Promise<DialError> {
  const reason = await dialTcp(to, { tuning: {}, ...options }).then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(reason instanceof DialError);
  return reason;
}

Deno.test("dialTcp() says that a connection was refused, as ztunnel's users know it", async () => {
  const port = freePort();
  const reason = await failure(at("127.0.0.1", port));
  assert.equal(reason.why, "refused");
  assert.equal(reason.detail, "Connection refused (os error 111)");
  assert.equal(reason.to, `127.0.0.1:${port}`);
});

/** A namespace in which nothing reaches 127.0.0.9. */
async function blackHole() {
  const netns = await makeTestNetns();
  await netns.sh("iptables -A INPUT -d 127.0.0.9 -j DROP");
  return netns;
}

Deno.test("dialTcp() gives up when nobody answers in time", async () => {
  await using netns = await blackHole();
  const options = { netns: netns.fd, timeoutMs: 50 };
  const reason = await failure(at("127.0.0.9", 80), options);
  assert.deepEqual([reason.why, reason.detail], [
    "timeout",
    "deadline has elapsed",
  ]);
});

Deno.test("dialTcp() can be aborted, before and while it waits", async () => {
  await using netns = await blackHole();
  const abort = new AbortController();
  const options = { netns: netns.fd, signal: abort.signal };
  const waiting = failure(at("127.0.0.9", 80), options);
  abort.abort();
  assert.equal((await waiting).why, "aborted");
  assert.equal((await failure(at("127.0.0.9", 80), options)).why, "aborted");
});

Deno.test("dialTcp() does not connect when it was aborted before", async () => {
  const port = freePort();
  await using listener = new TestListener(port);
  const signal = AbortSignal.abort();
  const reason = await failure(at("127.0.0.1", port), { signal });
  assert.equal(reason.why, "aborted");
  assert.equal(listener.count, 0);
});

Deno.test("dialTcp() says that there is no way, and connects from the namespace it is told", async () => {
  await using netns = await makeTestNetns();
  const reason = await failure(at("10.9.0.9", 80), { netns: netns.fd });
  assert.deepEqual([reason.why, reason.detail], [
    "failed",
    "Network is unreachable (os error 101)",
  ]);
  const port = freePort();
  await using listener = new TestListener(port);
  const refused = await failure(at("127.0.0.1", port), { netns: netns.fd });
  assert.equal(refused.why, "refused");
  assert.equal(listener.count, 0);
});

const sources: [name: string, address: string, from: string][] = [
  ["IPv4", "127.0.0.1", "127.0.0.77"],
  ["IPv6", "::1", "fd00::77"],
  ["IPv4, not local", "127.0.0.1", "10.1.2.3"],
];
for (const [name, address, from] of sources) {
  Deno.test(`dialTcp() shows the source address it is told, ${name}`, async () => {
    await using netns = await makeTestNetns();
    await netns.sh(`
      ip -6 addr add fd00::77/128 dev lo nodad
      ip rule add from 127.0.0.1 to 10.1.2.3 lookup 100
      ip route add local 10.1.2.3/32 dev lo table 100`);
    const where = at(address, 8080);
    await using listener = new TestListener(8080, {
      at: where,
      netns: netns.fd,
    });
    const options = { netns: netns.fd, tuning: {}, timeoutMs: 2_000 };
    const socket = await dialTcp(where, { ...options, from: ip(from) });
    const { peer } = await listener.accept();
    assert.equal(peer.ip, from);
    await gone(socket);
  });
}

Deno.test("dialTcp() connects without the source address of another family", async () => {
  const port = freePort();
  await using listener = new TestListener(port);
  const from = ip("fd00::77");
  const socket = await dialTcp(at("127.0.0.1", port), { tuning: {}, from });
  assert.equal((await listener.accept()).peer.ip, "127.0.0.1");
  await gone(socket);
});

const SOL_SOCKET = 1;
const IPPROTO_TCP = 6;
const options: [name: string, level: number, option: number, value: number][] =
  [
    ["mark", SOL_SOCKET, 36, 0x539],
    ["no delay", IPPROTO_TCP, 1, 1],
    ["keepalive", SOL_SOCKET, 9, 1],
    ["keepalive time", IPPROTO_TCP, 4, 180],
    ["keepalive interval", IPPROTO_TCP, 5, 60],
    ["keepalive probes", IPPROTO_TCP, 6, 7],
    ["user timeout", IPPROTO_TCP, 18, 5_000],
  ];

Deno.test("dialTcp() and Listener set their socket options", async () => {
  const port = freePort();
  const tuning = {
    keepalive: { timeMs: 180_000, intervalMs: 60_000, retries: 7 },
    userTimeoutMs: 5_000,
  };
  const mark = 0x539;
  await using listener = new TestListener(port, { tuning, mark });
  const dialled = await dialTcp(at("127.0.0.1", port), { tuning, mark });
  const { socket: accepted } = await listener.accept();
  for (const socket of [dialled, accepted]) {
    for (const [name, level, option, value] of options) {
      const octets = new Uint8Array(4);
      const size = new Uint8Array(Uint32Array.of(4).buffer);
      withDescriptor(socket, (fd) => {
        libc.getsockopt(fd, level, option, octets, size);
      });
      assert.equal(new DataView(octets.buffer).getInt32(0, true), value, name);
    }
  }
  await gone(dialled);
});

Deno.test("dialTcp() reaches an IPv6 address", async () => {
  await using netns = await makeTestNetns();
  const where = at("::1", 8080);
  const own = { at: where, netns: netns.fd };
  await using listener = new TestListener(8080, own);
  const socket = await dialTcp(where, { tuning: {}, netns: netns.fd });
  const { peer, local } = await listener.accept();
  assert.deepEqual([peer.ip, local], ["::1", where]);
  await gone(socket);
});

Deno.test("dialTcp() leaves no descriptor behind, however it ends", async () => {
  await using netns = await blackHole();
  await failure(at("127.0.0.9", 80), { netns: netns.fd, timeoutMs: 1 });
  const before = countOpenFds();
  const whys: DialFailure[] = [];
  for (let i = 0; i < 10; i++) {
    const abort = AbortSignal.timeout(5);
    const ends = await Promise.all([
      failure(at("127.0.0.9", 80), { netns: netns.fd, timeoutMs: 5 }),
      failure(at("127.0.0.9", 80), { netns: netns.fd, signal: abort }),
      failure(at("10.8.0.9", 80), { netns: netns.fd }),
      failure(at("127.0.0.1", 1), { netns: netns.fd }),
    ]);
    whys.push(...ends.map(({ why }) => why));
  }
  assert.deepEqual(
    new Set(whys),
    new Set(["timeout", "aborted", "failed", "refused"]),
  );
  assert.equal(countOpenFds(), before);
});
