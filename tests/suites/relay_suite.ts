/**
 * What every relay between two streams does, whatever carries them and whoever
 * moves the octets.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ByteStream } from "../../src/net/byte_stream.ts";
import type { Relay, RelayMeter } from "../../src/net/relay.ts";
import { TcpStream } from "../../src/net/tcp_stream.ts";
import { makeH2Pair } from "../support/h2_pair.ts";
import { Recorder } from "../support/recorder.ts";
import { makeTcpPair } from "../support/sockets.ts";

/** One connection with both its ends. */
export interface Link extends AsyncDisposable {
  /** The end that the test holds. */
  readonly outer: ByteStream;
  /** The end that the relay is given. */
  readonly inner: ByteStream;
}

export const tcpLink = async (): Promise<Link> => {
  const tcp = await makeTcpPair();
  return {
    outer: new TcpStream(tcp.client),
    inner: new TcpStream(tcp.server),
    [Symbol.asyncDispose]: () => tcp[Symbol.asyncDispose](),
  };
};

export const h2Link = async (): Promise<Link> => {
  const pair = await makeH2Pair();
  const { near, far } = await pair.stream();
  return {
    outer: near,
    inner: far,
    [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
  };
};

class Meter {
  forwarded = 0;
  returned = 0;
  forward(octets: number): void {
    this.forwarded += octets;
  }
  backward(octets: number): void {
    this.returned += octets;
  }
}

/** A relay to be tested. */
export interface RelayKind {
  /** Finishes the tests' names. */
  readonly name: string;
  readonly links: readonly [() => Promise<Link>, () => Promise<Link>];
  start(a: ByteStream, b: ByteStream, meter: RelayMeter): Relay;
  /** Has the meter told all that has been moved. */
  count?(): void;
}

/** A relay between two links, with the outer ends attached. */
export async function relayed({ links: [first, second], start }: RelayKind) {
  await using stack = new AsyncDisposableStack();
  const a = stack.use(await first());
  const b = stack.use(await second());
  const [client, server] = [new Recorder(), new Recorder()];
  a.outer.attach(client);
  b.outer.attach(server);
  const meter = new Meter();
  const relay = start(a.inner, b.inner, meter);
  const owned = stack.move();
  return {
    relay,
    meter,
    client,
    server,
    toServer: a.outer,
    toClient: b.outer,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Writes as the stream allows, and ends it. */
export async function send(
  stream: ByteStream,
  receiver: Recorder,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  for (const chunk of chunks) {
    const { drains } = receiver;
    if (!stream.write(chunk)) {
      await receiver.until(() => receiver.drains > drains);
    }
  }
  stream.end();
}

/** Runs the suite. */
export function relaySuite(kind: RelayKind): void {
  const { name, count = () => {} } = kind;

  Deno.test(`startRelay() counts and carries both ways, ${name}`, async () => {
    await using r = await relayed(kind);
    r.toServer.write(new Uint8Array(1000));
    await r.server.until(() => r.server.length === 1000);
    r.toClient.write(new Uint8Array(2000));
    r.toClient.end();
    await r.client.ended();
    r.toServer.write(new Uint8Array(5));
    r.toServer.end();
    await r.server.ended();
    assert.deepEqual(await r.relay.ended, { how: "complete" });
    assert.deepEqual([r.meter.forwarded, r.meter.returned], [1005, 2000]);
    assert.deepEqual([r.server.length, r.client.length], [1005, 2000]);
    await Promise.all([r.client.closed(), r.server.closed()]);
    assert.deepEqual([r.client.error, r.server.error], [undefined, undefined]);
  });

  Deno.test(`startRelay() lets the server go when the client does, ${name}`, async () => {
    await using r = await relayed(kind);
    r.toServer.write(new Uint8Array(1 << 20));
    r.toServer.dismiss();
    await r.server.until(() => r.server.length === 1 << 20);
    // What is still said is what shows, to TCP, that nobody is there.
    const talk = setInterval(() => r.toClient.write(new Uint8Array(100)), 10);
    await r.server.closed();
    clearInterval(talk);
    await r.relay.ended;
  });

  for (const side of ["client", "server"] as const) {
    Deno.test(`startRelay() passes a reset of the ${side} on, ${name}`, async () => {
      await using r = await relayed(kind);
      r.toServer.write(new Uint8Array(10));
      await r.server.until(() => r.server.length === 10);
      const [own, peer] = side === "client"
        ? [r.toServer, r.server]
        : [r.toClient, r.client];
      own.reset();
      const end = await r.relay.ended;
      assert.equal(end.how, "reset");
      await peer.closed();
      assert.ok(peer.error !== undefined);
      assert.ok(!peer.calls.includes("end"));
    });
  }

  Deno.test(`startRelay() can be cut, ${name}`, async () => {
    await using r = await relayed(kind);
    r.relay.cut();
    assert.deepEqual(await r.relay.ended, { how: "cut" });
    await Promise.all([r.client.closed(), r.server.closed()]);
    assert.ok(r.client.error !== undefined && r.server.error !== undefined);
    r.relay.cut();
  });

  Deno.test(`startRelay() carries 64 MiB unharmed, ${name}`, async () => {
    await using r = await relayed(kind);
    const chunk = new Uint8Array(256 * 1024).map((_, i) => i * 37 ^ i >> 8);
    const chunks = Array.from({ length: 256 }, (_, i) => {
      const next = chunk.slice();
      next[0] = i;
      return next;
    });
    const sent = createHash("sha256");
    for (const octets of chunks) sent.update(octets);
    const received = createHash("sha256");
    r.server.onData = (octets) => {
      received.update(octets);
      r.server.length += octets.length;
    };
    await send(r.toServer, r.client, chunks);
    await r.server.ended();
    assert.equal(r.server.length, 64 * 1024 * 1024);
    assert.equal(received.digest("hex"), sent.digest("hex"));
    r.toClient.end();
    assert.deepEqual(await r.relay.ended, { how: "complete" });
    assert.equal(r.meter.forwarded, 64 * 1024 * 1024);
  });

  Deno.test(`startRelay() holds little for a side that does not read, ${name}`, async () => {
    await using r = await relayed(kind);
    r.toClient.pause();
    let before = -1;
    let stopped = false;
    const sending = send(
      r.toServer,
      r.client,
      (function* () {
        while (!stopped) yield new Uint8Array(64 * 1024);
      })(),
    );
    while (before !== r.meter.forwarded) {
      before = r.meter.forwarded;
      await quiet();
      count();
    }
    assert.ok(before < 32 * 1024 * 1024, `${before} octets`);
    stopped = true;
    r.toClient.resume();
    await sending;
    await r.server.ended();
    assert.equal(r.server.length, r.meter.forwarded);
  });

  Deno.test(`startRelay() is complete only when a slow side has been sent everything, ${name}`, async () => {
    await using r = await relayed(kind);
    r.toClient.pause();
    r.toClient.end();
    await r.client.ended();
    const size = 24 * 1024 * 1024;
    let complete = false;
    void r.relay.ended.then(() => complete = true);
    // All at once, so that the client's half ends while most of it waits.
    const sending = send(
      r.toServer,
      r.client,
      Array.from({ length: 24 }, () => new Uint8Array(1 << 20)),
    );
    await quiet();
    assert.equal(complete, false);
    r.toClient.resume();
    await sending;
    await r.server.ended();
    assert.equal(r.server.length, size);
    assert.deepEqual(await r.relay.ended, { how: "complete" });
  });
}

/** Long enough for whatever moves by itself to have moved. */
export async function quiet(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 150));
}
