import assert from "node:assert/strict";
import { once } from "node:events";
import { dialTcp } from "../../src/net/dial.ts";
import { BindError } from "../../src/net/errors.ts";
import { libc } from "../../src/sys/libc.ts";
import { replaced } from "../support/replaced.ts";
import { at, ip } from "../support/sample_mesh.ts";
import { freePort, gone, TestListener } from "../support/sockets.ts";
import { makeTestNetns } from "../support/test_netns.ts";

const LOOPBACK = "127.0.0.1";

Deno.test("Listener hands over who connected, and where", async () => {
  const port = freePort();
  await using listener = new TestListener(port);
  const socket = await dialTcp(at(LOOPBACK, port), { tuning: {} });
  const { peer, local, original } = await listener.accept();
  assert.deepEqual(peer, at(LOOPBACK, socket.localPort!));
  assert.deepEqual(local, at(LOOPBACK, port));
  assert.equal(original, undefined);
  await gone(socket);
});

Deno.test("Listener shows an IPv4 client of a dual-stack socket as IPv4", async () => {
  await using netns = await makeTestNetns();
  const where = { at: at("::", 8080), netns: netns.fd };
  await using listener = new TestListener(8080, where);
  const options = { tuning: {}, netns: netns.fd };
  const socket = await dialTcp(at(LOOPBACK, 8080), options);
  const { peer, local } = await listener.accept();
  assert.deepEqual([peer.ip, local.ip], [LOOPBACK, LOOPBACK]);
  await gone(socket);
});

Deno.test("Listener throws BindError for an address that is taken, and for one that is not ours", () => {
  const port = freePort();
  const listener = new TestListener(port);
  assert.throws(() => new TestListener(port), (error) => {
    assert.ok(error instanceof BindError);
    assert.equal(error.address, `${LOOPBACK}:${port}`);
    assert.match(error.message, /Address already in use \(os error 98\)$/);
    return true;
  });
  listener.stop();
  const away = { at: at("10.255.255.1", port) };
  assert.throws(() => new TestListener(port, away), BindError);
});

Deno.test("Listener with reusePort shares its port, and another takes over when it closes", async () => {
  const port = freePort();
  await using first = new TestListener(port, { reusePort: true });
  await using second = new TestListener(port, { reusePort: true });
  const connect = () => dialTcp(at(LOOPBACK, port), { tuning: {} });
  const sockets = await Promise.all(Array.from({ length: 64 }, connect));
  await Promise.all(sockets.map((socket) => echo(socket, [first, second])));
  assert.ok(first.count > 0 && second.count > 0);
  assert.equal(first.count + second.count, 64);
  // Those that were accepted go on; new ones all come to the other.
  const [kept] = sockets;
  first.stop();
  const before = second.count;
  const more = await Promise.all(Array.from({ length: 16 }, connect));
  await Promise.all(more.map((socket) => echo(socket, [second])));
  assert.equal(second.count, before + 16);
  await echo(kept!, [first, second]);
  await Promise.all([...sockets, ...more].map(gone));
});

Deno.test("Listener that gathers leaves connections to others only while it is busy", async () => {
  let busy = false;
  await using pair = new GatheringPair(() => busy, () => busy);
  assert.deepEqual(inOrder(await pair.connect(16)), [0, 16]);
  busy = true;
  await pair.connect(1); // seen with the next one
  const [fewer] = inOrder(await pair.connect(64));
  assert.ok(fewer > 0);
  busy = false;
  await pair.connect(64);
  assert.deepEqual(inOrder(await pair.connect(16)), [0, 16]);
});

Deno.test("Listener that gathers is not given all again by another one that has time", async () => {
  const busy = [false, false];
  await using pair = new GatheringPair(() => busy[0]!, () => busy[1]!);
  const gatherer = (await pair.connect(1)).indexOf(1);
  busy.fill(true);
  await pair.connect(1); // seen with the next one
  await pair.connect(64);
  busy[1 - gatherer] = false;
  await pair.connect(64);
  const [fewer] = inOrder(await pair.connect(64));
  assert.ok(fewer > 0);
});

type Counts = readonly [number, number];

const inOrder = ([a, b]: Counts): Counts => a < b ? [a, b] : [b, a];

/** Two that gather on one port, and sockets connected to it. */
class GatheringPair implements AsyncDisposable {
  readonly #port = freePort();
  readonly #listeners: readonly [TestListener, TestListener];
  readonly #sockets: Awaited<ReturnType<typeof dialTcp>>[] = [];

  constructor(...areBusy: [() => boolean, () => boolean]) {
    const [first, second] = areBusy.map((isBusy) =>
      new TestListener(this.#port, { reusePort: true, gather: { isBusy } })
    );
    this.#listeners = [first!, second!];
  }

  /** @returns How many of them each was given. */
  async connect(count: number): Promise<Counts> {
    const [first, second] = this.#listeners;
    const [one, two] = [first.count, second.count];
    for (let i = 0; i < count; i++) {
      const to = at(LOOPBACK, this.#port);
      const socket = await dialTcp(to, { tuning: {} });
      this.#sockets.push(socket);
      await echo(socket, this.#listeners);
    }
    return [first.count - one, second.count - two];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sockets.map(gone));
    for (const listener of this.#listeners) {
      await listener[Symbol.asyncDispose]();
    }
  }
}

/** Sends an octet and waits for it to come back from whoever accepted. */
async function echo(
  socket: Awaited<ReturnType<typeof dialTcp>>,
  listeners: readonly TestListener[],
): Promise<void> {
  for (const listener of listeners) listener.serveEcho();
  const answered = new Promise((resolve) => socket.once("data", resolve));
  socket.write("x");
  await answered;
}

Deno.test("Listener closes a connection that it cannot look into, and goes on", async () => {
  const port = freePort();
  await using listener = new TestListener(port);
  {
    using _bug = replaced(libc, "getpeername", () => {
      throw new TypeError("a bug");
    });
    const lost = await dialTcp(at(LOOPBACK, port), { tuning: {} });
    await once(lost.resume(), "end");
    await gone(lost);
  }
  assert.deepEqual(listener.errors.map(String), ["TypeError: a bug"]);
  const socket = await dialTcp(at(LOOPBACK, port), { tuning: {} });
  await listener.accept();
  await gone(socket);
});

Deno.test("Listener does not share its port with one that did not ask to", () => {
  const port = freePort();
  const first = new TestListener(port, { reusePort: true });
  assert.throws(() => new TestListener(port), BindError);
  first.stop();
});

const redirects: [name: string, program: string, address: string][] = [
  ["IPv4", "iptables", "10.9.9.9"],
  ["IPv6", "ip6tables", "fd00::9"],
];
for (const [name, program, address] of redirects) {
  Deno.test(`Listener tells where a redirected connection was going, ${name}`, async () => {
    await using netns = await makeTestNetns();
    await netns.sh(`
      ip addr add 10.9.9.9/32 dev lo; ip -6 addr add fd00::9/128 dev lo nodad
      ${program} -t nat -A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 15001`);
    const where = { at: at("::", 15001), netns: netns.fd };
    await using listener = new TestListener(15001, where);
    const options = { tuning: {}, netns: netns.fd };
    const socket = await dialTcp(at(address, 80), options);
    const { original, local } = await listener.accept();
    assert.deepEqual(original, at(address, 80));
    assert.equal(local.port, 15001);
    await gone(socket);
    const direct = await dialTcp(at(address, 15001), options);
    const second = await listener.accept();
    assert.deepEqual(second.original ?? second.local, at(address, 15001));
    await gone(direct);
  });
}

Deno.test("Listener can be transparent, and says whether it is", async () => {
  await using netns = await makeTestNetns();
  const where = { at: { ip: ip("::"), port: 15006 }, netns: netns.fd };
  for (const transparent of ["require", "try", "off"] as const) {
    await using listener = new TestListener(15006, { ...where, transparent });
    assert.equal(listener.transparent, transparent !== "off");
  }
});
