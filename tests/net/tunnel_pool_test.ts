import assert from "node:assert/strict";
import { TunnelError } from "../../src/net/errors.ts";
import { StreamResetError } from "../../src/net/h2_stream.ts";
import { type OpenSession, TunnelPool } from "../../src/net/tunnel_pool.ts";
import { H2Code } from "../../src/wire/h2/mod.ts";
import { CONNECT, type H2Pair, makeH2Pair } from "../support/h2_pair.ts";
import { Recorder } from "../support/recorder.ts";

/** The other end of every tunnel of a pool. */
class Peer implements AsyncDisposable {
  readonly pairs: H2Pair[] = [];
  /** Handshakes that run now, and the most there were at a time, by key. */
  readonly #running = new Map<string, number>();
  most = 0;
  readonly #streamsMax: number;

  constructor(streamsMax = 200) {
    this.#streamsMax = streamsMax;
  }

  open(key: string): OpenSession {
    return async (events) => {
      const running = (this.#running.get(key) ?? 0) + 1;
      this.#running.set(key, running);
      this.most = Math.max(this.most, running);
      const pair = await makeH2Pair(events, {
        maxConcurrentStreams: this.#streamsMax,
        onRequest: (stream) => stream.sendHeaders([[":status", "200"]], false),
      });
      this.pairs.push(pair);
      this.#running.set(key, running - 1);
      return pair.client;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pair of this.pairs) await pair[Symbol.asyncDispose]();
  }
}

const makePool = (fields = {}) =>
  new TunnelPool({
    streamsPerConnectionMax: 100,
    unusedReleaseMs: 60_000,
    ...fields,
  });

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await turn();
  assert.ok(condition());
}

Deno.test("TunnelPool opens as many tunnels as 1,000 streams need, one at a time", async () => {
  await using peer = new Peer();
  const pool = makePool();
  const streams = await Promise.all(
    Array.from(
      { length: 1000 },
      () => pool.openStream("a", CONNECT, peer.open("a")),
    ),
  );
  assert.deepEqual([peer.pairs.length, pool.size, peer.most], [10, 10, 1]);
  assert.ok(streams.every(({ reused }) => !reused));
  const perTunnel = peer.pairs.map(({ client }) => client.openStreams);
  assert.deepEqual(perTunnel, Array(10).fill(100));
  const [first] = streams;
  first!.stream.reset();
  const again = await pool.openStream("a", CONNECT, peer.open("a"));
  assert.deepEqual([again.reused, peer.pairs.length], [true, 10]);
  pool.destroy();
});

Deno.test("TunnelPool does not let keys wait for each other", async () => {
  await using peer = new Peer();
  const pool = makePool();
  const { promise, resolve } = Promise.withResolvers<void>();
  let late = false;
  const slow = pool.openStream("slow", CONNECT, async (events) => {
    await promise;
    late = true;
    return await peer.open("slow")(events);
  });
  await pool.openStream("quick", CONNECT, peer.open("quick"));
  assert.equal(late, false);
  resolve();
  await slow;
  assert.equal(pool.size, 2);
  pool.destroy();
});

Deno.test("TunnelPool tells everyone who waits of a handshake that failed, and tries anew", async () => {
  await using peer = new Peer();
  const pool = makePool();
  let opens = 0;
  const why = new TunnelError("tls", "no");
  const ends = await Promise.allSettled(
    Array.from(
      { length: 250 },
      () =>
        pool.openStream("a", CONNECT, async () => {
          opens++;
          await turn();
          throw why;
        }),
    ),
  );
  assert.equal(opens, 1);
  for (const end of ends) {
    assert.equal(end.status === "rejected" && end.reason, why);
  }
  await pool.openStream("a", CONNECT, peer.open("a"));
  assert.equal(pool.size, 1);
  pool.destroy();
});

Deno.test("TunnelPool closes a tunnel that has been idle, and no busy one", async () => {
  await using peer = new Peer();
  const pool = makePool({ unusedReleaseMs: 60 });
  const idle = await pool.openStream("idle", CONNECT, peer.open("idle"));
  const busy = await pool.openStream("busy", CONNECT, peer.open("busy"));
  idle.stream.reset();
  await until(() => pool.size === 1);
  assert.deepEqual(peer.pairs.map(({ client }) => client.closed), [
    true,
    false,
  ]);
  busy.stream.reset();
  await pool.whenEmpty();
  assert.equal(pool.size, 0);
});

Deno.test("TunnelPool does not close a tunnel that was taken up again", async () => {
  await using peer = new Peer();
  const pool = makePool({ unusedReleaseMs: 60 });
  const { stream } = await pool.openStream("a", CONNECT, peer.open("a"));
  stream.reset();
  await pool.openStream("a", CONNECT, peer.open("a"));
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual([pool.size, peer.pairs.length], [1, 1]);
  pool.destroy();
});

Deno.test("TunnelPool closes the one idle longest when there are too many", async () => {
  await using peer = new Peer();
  const pool = makePool({ sessionsMax: 3 });
  const open = async (key: string) =>
    (await pool.openStream(key, CONNECT, peer.open(key))).stream;
  const streams = [await open("a"), await open("b"), await open("c")];
  streams[1]!.reset();
  streams[0]!.reset();
  await open("d");
  await until(() => pool.size === 3);
  const closed = peer.pairs.map(({ client }) => client.closed);
  assert.deepEqual(closed, [false, true, false, false]);
  // Busy ones are never closed for another.
  await open("a");
  await open("e");
  assert.equal(pool.size, 4);
  pool.destroy();
});

Deno.test("TunnelPool.drain() lets streams finish, and takes no more", async () => {
  await using peer = new Peer();
  const pool = makePool();
  const { stream } = await pool.openStream("a", CONNECT, peer.open("a"));
  const idle = await pool.openStream("b", CONNECT, peer.open("b"));
  idle.stream.reset();
  const received = new Recorder();
  stream.attach(received);
  pool.drain();
  await assert.rejects(
    pool.openStream("a", CONNECT, peer.open("a")),
    /pool draining/,
  );
  await until(() => pool.size === 1);
  assert.deepEqual(received.calls, []);
  stream.reset();
  await pool.whenEmpty();
});

Deno.test("TunnelPool.destroy() drops every tunnel, also one that takes no more streams, and one that comes late", async () => {
  await using peer = new Peer();
  const pool = makePool();
  const { stream } = await pool.openStream("a", CONNECT, peer.open("a"));
  const received = new Recorder();
  stream.attach(received);
  peer.pairs[0]!.server.drain();
  await turn();
  const late = pool.openStream("b", CONNECT, async (events) => {
    await turn();
    return await peer.open("b")(events);
  });
  pool.destroy();
  await received.closed();
  assert.ok(received.error !== undefined);
  await assert.rejects(late, /pool draining/);
  assert.ok(peer.pairs.every(({ client }) => client.closed));
  assert.equal(pool.size, 0);
});

Deno.test("TunnelPool opens another tunnel when the peer takes no more streams on one", async () => {
  await using peer = new Peer();
  const pool = makePool();
  await pool.openStream("a", CONNECT, peer.open("a"));
  peer.pairs[0]!.server.drain();
  await until(() => peer.pairs[0]!.client.h2.state === "draining");
  const { reused } = await pool.openStream("a", CONNECT, peer.open("a"));
  assert.deepEqual([reused, pool.size], [false, 2]);
  pool.destroy();
});

Deno.test("TunnelPool forgets a tunnel that its peer has closed", async () => {
  await using peer = new Peer();
  const pool = makePool();
  await pool.openStream("a", CONNECT, peer.open("a"));
  peer.pairs[0]!.server.destroy();
  await pool.whenEmpty();
  const { reused } = await pool.openStream("a", CONNECT, peer.open("a"));
  assert.deepEqual([reused, pool.size], [false, 1]);
  pool.destroy();
});

Deno.test("TunnelPool fails all who wait for a tunnel that is gone when it is there", async () => {
  await using peer = new Peer();
  const pool = makePool();
  const ends = await Promise.allSettled(
    Array.from(
      { length: 20 },
      () =>
        pool.openStream("a", CONNECT, async (events) => {
          const session = await peer.open("a")(events);
          peer.pairs[0]!.server.destroy();
          await until(() => session.closed);
          return session;
        }),
    ),
  );
  assert.equal(peer.pairs.length, 1);
  assert.ok(ends.every(({ status }) => status === "rejected"));
  assert.equal(pool.size, 0);
});

Deno.test("TunnelPool fails all who wait for a peer that takes no streams", async () => {
  await using peer = new Peer(0);
  const pool = makePool();
  const ends = await Promise.allSettled(
    Array.from(
      { length: 20 },
      () =>
        pool.openStream("a", CONNECT, async (events) => {
          const session = await peer.open("a")(events);
          await until(() => !session.h2.canOpen);
          return session;
        }),
    ),
  );
  assert.equal(peer.pairs.length, 1);
  for (const end of ends) {
    assert.equal(end.status, "rejected");
    assert.match(end.reason.message, /the peer takes no streams/);
  }
  assert.equal(pool.size, 0);
});

Deno.test("TunnelPool's streams say when the peer refused them unseen", async () => {
  await using peer = new Peer(1);
  const pool = makePool();
  const streams = await Promise.all(
    Array.from(
      { length: 3 },
      () => pool.openStream("a", CONNECT, peer.open("a")),
    ),
  );
  const ends = await Promise.allSettled(
    streams.map(({ stream }) => stream.response()),
  );
  assert.deepEqual(ends.map(({ status }) => status), [
    ...["fulfilled", "rejected", "rejected"],
  ]);
  for (const end of ends.slice(1)) {
    assert.ok(end.status === "rejected");
    assert.ok(end.reason instanceof StreamResetError);
    assert.equal(end.reason.errorCode, H2Code.REFUSED_STREAM);
  }
  pool.destroy();
});
