import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  SpliceLane,
  startLaneRelay,
} from "../../../src/net/kernel_lane/mod.ts";
import { TcpStream } from "../../../src/net/tcp_stream.ts";
import { countOpenFds } from "../../../src/sys/open_fds.ts";
import {
  quiet,
  relayed,
  type RelayKind,
  send,
  tcpLink,
} from "../../suites/relay_suite.ts";
import type { Recorder } from "../../support/recorder.ts";

const MIB = 1024 * 1024;
const AT_ONCE = { octets: 1, chunkOctetsMin: 0 };

/** A relay that is spliced from its first octets on. */
function spliced(lane: SpliceLane): RelayKind {
  return {
    name: "spliced",
    links: [tcpLink, tcpLink],
    start(a, b, meter) {
      assert.ok(a instanceof TcpStream && b instanceof TcpStream);
      const { forward, backward } = meter;
      return startLaneRelay({ splice: lane }, a, b, {
        forward: forward.bind(meter),
        backward: backward.bind(meter),
        onLane: () => {},
      });
    },
  };
}

type Relayed = Awaited<ReturnType<typeof relayed>>;

/** Has something said, so that the lane has the connections. */
async function join(lane: SpliceLane, ...all: Relayed[]): Promise<void> {
  const size = lane.size + all.length;
  for (const r of all) {
    r.toServer.write(new Uint8Array(1));
    await r.server.until(() => r.server.length === 1);
  }
  while (lane.size < size) await quiet();
}

/** Keeps a digest only of what it is told. */
function digest(recorder: Recorder) {
  const hash = createHash("sha256");
  recorder.onData = (octets) => {
    hash.update(octets);
    recorder.length += octets.length;
  };
  return () => hash.digest("hex");
}

function* octetsOf(size: number, seed: number): Generator<Uint8Array> {
  for (let at = 0; at < size; at += MIB) {
    const chunk = new Uint8Array(Math.min(MIB, size - at));
    for (let i = 0; i < chunk.length; i++) {
      chunk[i] = seed + at + i * 31 ^ i >> 9;
    }
    yield chunk;
  }
}

function digestOf(size: number, seed: number): string {
  const hash = createHash("sha256");
  for (const chunk of octetsOf(size, seed)) hash.update(chunk);
  return hash.digest("hex");
}

Deno.test("SpliceLane has a pipe for a reader that is slow, and none after", async () => {
  using lane = new SpliceLane({ spliceAfter: AT_ONCE });
  await using r = await relayed(spliced(lane));
  await join(lane, r);
  assert.equal(lane.pipes, 0);
  const received = digest(r.server);
  r.toClient.pause();
  const size = 64 * MIB;
  const sending = send(r.toServer, r.client, octetsOf(size, 1));
  while (lane.pipes === 0) await quiet();
  assert.equal(lane.pipes, 1);
  r.toClient.resume();
  await sending;
  await r.server.ended();
  assert.equal(received(), digestOf(size, 1));
  assert.equal(lane.pipes, 0);
  r.toClient.end();
  assert.deepEqual(await r.relay.ended, { how: "complete" });
  assert.equal(r.meter.forwarded, size + 1);
});

Deno.test("SpliceLane relays in user space when no pipe is left", async () => {
  using lane = new SpliceLane({ spliceAfter: AT_ONCE, pipesMax: 1 });
  const size = 48 * MIB;
  const all = await Promise.all([1, 2, 3].map(async (seed) => {
    const r = await relayed(spliced(lane));
    await join(lane, r);
    r.toClient.pause();
    const received = digest(r.server);
    const sending = send(r.toServer, r.client, octetsOf(size, seed));
    return { r, seed, received, sending };
  }));
  while (lane.pipes === 0) await quiet();
  assert.equal(lane.pipes, 1);
  for (const { r } of all) r.toClient.resume();
  for (const { r, seed, received, sending } of all) {
    await using _r = r;
    await sending;
    await r.server.ended();
    assert.equal(received(), digestOf(size, seed));
    r.toClient.end();
    assert.deepEqual(await r.relay.ended, { how: "complete" });
    assert.equal(r.meter.forwarded, size + 1);
  }
  assert.deepEqual([lane.size, lane.pipes], [0, 0]);
});

Deno.test("SpliceLane takes no more pairs than it may", async () => {
  using lane = new SpliceLane({ spliceAfter: AT_ONCE, pairsMax: 1 });
  await using first = await relayed(spliced(lane));
  await join(lane, first);
  assert.equal(lane.hasRoom, false);
  await using second = await relayed(spliced(lane));
  second.toServer.write(new Uint8Array(MIB));
  await second.server.until(() => second.server.length === MIB);
  assert.equal(lane.size, 1);
  first.relay.cut();
  await first.relay.ended;
  assert.equal(lane.size, 0);
});

Deno.test("SpliceLane closes whatever it opened, also while octets wait", async () => {
  await warmUp();
  const before = countOpenFds();
  {
    using lane = new SpliceLane({ spliceAfter: AT_ONCE });
    await using r = await relayed(spliced(lane));
    await join(lane, r);
    r.toClient.pause();
    // Never taken: cut while they wait.
    void send(r.toServer, r.client, octetsOf(64 * MIB, 1)).catch(() => {});
    while (lane.pipes === 0) await quiet();
    r.relay.cut();
    assert.deepEqual(await r.relay.ended, { how: "cut" });
    assert.deepEqual([lane.size, lane.pipes], [0, 0]);
    r.toClient.resume(); // else it is not told
    await Promise.all([r.client.closed(), r.server.closed()]);
  }
  while (countOpenFds() > before) await quiet();
  assert.equal(countOpenFds(), before);
});

/** What the runtime and this thread open once and keep is open then. */
async function warmUp(): Promise<void> {
  using lane = new SpliceLane({ spliceAfter: AT_ONCE });
  await using r = await relayed(spliced(lane));
  await join(lane, r);
  r.relay.cut();
  await r.relay.ended;
}

/** HAIRPIN_TEST_PAIRS makes it a longer test: one worker takes 8,192. */
const PAIRS = Number(Deno.env.get("HAIRPIN_TEST_PAIRS") ?? 100);

Deno.test(`SpliceLane carries ${PAIRS} connections at once`, async () => {
  using lane = new SpliceLane({ spliceAfter: AT_ONCE, pipesMax: 8 });
  const size = Math.floor(50 * MIB / PAIRS);
  const all = await Promise.all(
    Array.from({ length: PAIRS }, () => relayed(spliced(lane))),
  );
  await join(lane, ...all);
  await Promise.all(all.map(async (r, seed) => {
    r.toClient.pause();
    const received = digest(r.server);
    const sent = send(r.toServer, r.client, octetsOf(size, seed));
    await quiet();
    r.toClient.resume();
    await sent;
    await r.server.ended();
    assert.equal(received(), digestOf(size, seed));
  }));
  assert.equal(lane.size, PAIRS);
  for (const r of all) r.toClient.end();
  for (const r of all) {
    assert.deepEqual(await r.relay.ended, { how: "complete" });
    await r[Symbol.asyncDispose]();
  }
  assert.deepEqual([lane.size, lane.pipes], [0, 0]);
});

interface Life {
  readonly forward: number;
  readonly backward: number;
  readonly end: "complete" | "client" | "server" | "cut";
}

const lives: fc.Arbitrary<Life> = fc.record({
  forward: fc.nat(6 * MIB),
  backward: fc.nat(6 * MIB),
  end: fc.constantFrom("complete", "complete", "client", "server", "cut"),
});

Deno.test("SpliceLane carries many connections of all kinds, each for itself", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(lives, { minLength: 8, maxLength: 24 }),
      async (all) => {
        using lane = new SpliceLane({ spliceAfter: AT_ONCE, pipesMax: 4 });
        await Promise.all(all.map((life, at) => live(lane, life, at)));
        assert.deepEqual([lane.size, lane.pipes], [0, 0]);
      },
    ),
    { numRuns: 6 },
  );
});

async function live(lane: SpliceLane, life: Life, seed: number): Promise<void> {
  await using r = await relayed(spliced(lane));
  const { forward, backward, end } = life;
  const [there, back] = [digest(r.server), digest(r.client)];
  const sending = [
    send(r.toServer, r.client, octetsOf(forward, seed)),
    send(r.toClient, r.server, octetsOf(backward, seed + 1)),
  ];
  if (end !== "complete") return await breakOff(r, end, sending);
  await Promise.all(sending);
  await Promise.all([r.server.ended(), r.client.ended()]);
  assert.deepEqual(await r.relay.ended, { how: "complete" });
  assert.deepEqual([r.meter.forwarded, r.meter.returned], [forward, backward]);
  assert.equal(there(), digestOf(forward, seed));
  assert.equal(back(), digestOf(backward, seed + 1));
}

async function breakOff(
  r: Relayed,
  end: "client" | "server" | "cut",
  sending: Promise<void>[],
): Promise<void> {
  for (const sent of sending) sent.catch(() => {}); // it never drains
  if (end === "cut") r.relay.cut();
  if (end === "client") r.toServer.reset();
  if (end === "server") r.toClient.reset();
  await r.relay.ended;
  await Promise.all([r.client.closed(), r.server.closed()]);
}
