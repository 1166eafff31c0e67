import assert from "node:assert/strict";
import { H2Code, PREFACE, type StreamId } from "../../../src/wire/h2/mod.ts";
import {
  CONNECT,
  Endpoint,
  frame,
  framesOf,
  join,
  OK,
  Pair,
  uint32,
} from "./support.ts";

const one = 1 as StreamId;
const MEBI = 2 ** 20;

/** [stream, increment] of every WINDOW_UPDATE in the output. */
function updatesOf(octets: Uint8Array): [number, number][] {
  return framesOf(octets).filter(({ type }) => type === 8).map((
    { stream, payload },
  ) => [stream, new DataView(payload.buffer).getUint32(0)]);
}

/** A pair with one tunnel, stream 1. */
function tunnel(options?: ConstructorParameters<typeof Pair>[0]): Pair {
  const pair = new Pair(options);
  pair.client.connection.openStream(CONNECT, false);
  pair.settle();
  pair.server.connection.sendHeaders(one, OK, false);
  pair.settle();
  pair.client.takeEvents();
  pair.server.takeEvents();
  return pair;
}

Deno.test("a connection announces its window at once", () => {
  const octets = new Endpoint("client").takeOctets();
  assert.deepEqual(updatesOf(octets), [[0, 16 * MEBI - 65_535]]);
});

Deno.test("sendData() takes no more than the stream's window", () => {
  const { client } = tunnel();
  const octets = new Uint8Array(5 * MEBI);
  assert.equal(client.connection.sendData(one, octets, true), 4 * MEBI);
  assert.equal(client.connection.sendData(one, octets, true), 0);
});

Deno.test("sendData() of all streams takes no more than the connection's window", () => {
  const { client } = tunnel();
  let taken = 0;
  for (let stream = 0; stream < 5; stream++) {
    const id = client.connection.openStream(CONNECT, false)!;
    const octets = new Uint8Array(4 * MEBI);
    taken += client.connection.sendData(id, octets, false);
  }
  assert.equal(taken, 16 * MEBI);
});

Deno.test("sendData() ends a stream without any window", () => {
  const { client, server } = tunnel({ server: { streamWindow: 0 } });
  assert.equal(client.connection.sendData(one, new Uint8Array(1), true), 0);
  client.connection.sendData(one, new Uint8Array(0), true);
  server.connection.receive(client.takeOctets());
  assert.deepEqual(server.takeEvents(), [["data", 1, 0, true]]);
});

Deno.test("release() announces credit at half a window", () => {
  const pair = tunnel();
  pair.client.connection.sendData(one, new Uint8Array(4 * MEBI), false);
  pair.settle();
  const { connection } = pair.server;
  connection.release(one, 2 * MEBI - 1);
  assert.equal(connection.outputLength, 0);
  connection.release(one, 1);
  assert.deepEqual(updatesOf(pair.server.takeOctets()), [[1, 2 * MEBI]]);
  connection.release(one, 2 * MEBI);
  assert.deepEqual(updatesOf(pair.server.takeOctets()), [[1, 2 * MEBI]]);
});

Deno.test("release() of four streams announces the connection's credit", () => {
  const pair = tunnel();
  const { client, server } = pair;
  const ids = [1, 3, 5, 7] as StreamId[];
  for (const id of ids) {
    if (id > 1) client.connection.openStream(CONNECT, false);
    client.connection.sendData(id, new Uint8Array(4 * MEBI), false);
  }
  pair.settle();
  for (const id of ids) server.connection.release(id, 2 * MEBI);
  assert.deepEqual(updatesOf(server.takeOctets()), [
    ...ids.map((id) => [id, 2 * MEBI]),
    [0, 8 * MEBI],
  ]);
});

Deno.test("release() more than was received is caught", () => {
  const pair = tunnel();
  assert.throws(() => pair.server.connection.release(one, 1), {
    name: "AssertionError",
  });
});

Deno.test("a stream that ended announces no more credit of its own", () => {
  const pair = tunnel();
  pair.client.connection.sendData(one, new Uint8Array(4 * MEBI), true);
  pair.settle();
  pair.server.connection.release(one, 4 * MEBI);
  assert.deepEqual(updatesOf(pair.server.takeOctets()), []);
});

Deno.test("octets of a stream closed on both sides wait for release()", () => {
  const pair = tunnel({ server: { connectionWindow: 65_535 } });
  const { connection } = pair.server;
  pair.client.connection.sendData(one, new Uint8Array(60_000), true);
  pair.settle();
  connection.sendData(one, new Uint8Array(0), true);
  assert.equal(connection.openStreams, 0);
  pair.server.takeOctets();
  connection.release(one, 20_000);
  assert.deepEqual(updatesOf(pair.server.takeOctets()), []);
  connection.release(one, 40_000);
  assert.deepEqual(updatesOf(pair.server.takeOctets()), [[0, 60_000]]);
  connection.release(one, 1); // Forgotten by now: no effect, no error.
});

for (const by of ["peer", "application", "late application"] as const) {
  Deno.test(`octets of a stream reset by the ${by} go back at once`, () => {
    const pair = tunnel({ server: { connectionWindow: 65_535 } });
    const { client, server } = pair;
    const ended = by === "late application";
    client.connection.sendData(one, new Uint8Array(60_000), ended);
    pair.settle();
    if (ended) server.connection.sendData(one, new Uint8Array(0), true);
    server.takeOctets();
    if (by === "peer") {
      client.connection.reset(one, H2Code.CANCEL);
      server.connection.receive(client.takeOctets());
    } else {
      server.connection.reset(one, H2Code.CANCEL);
    }
    assert.deepEqual(updatesOf(server.takeOctets()), [[0, 60_000]]);
    server.connection.release(one, 60_000);
    assert.equal(server.connection.outputLength, 0);
  });
}

Deno.test("padding goes back without release()", () => {
  const server = new Endpoint("server", { connectionWindow: 65_535 });
  const client = new Endpoint("client");
  client.connection.openStream(CONNECT, false);
  const padded = frame(0, 8, 1, [255, ...new Uint8Array(255 + 10)]);
  const { connection } = server;
  connection.receive(client.takeOctets());
  server.takeOctets();
  for (let round = 0; round < 128; round++) connection.receive(padded);
  assert.deepEqual(updatesOf(server.takeOctets()), [[0, 128 * 256]]);
});

Deno.test("a peer's smaller window makes that of a stream negative", () => {
  const pair = tunnel();
  const { client } = pair;
  const setWindow = (value: number) => frame(4, 0, 0, [0, 4, ...uint32(value)]);
  client.connection.sendData(one, new Uint8Array(3 * MEBI), false);
  client.connection.receive(setWindow(MEBI));
  assert.equal(client.connection.sendData(one, new Uint8Array(1), false), 0);
  client.connection.receive(frame(8, 0, 1, uint32(2 * MEBI)));
  assert.deepEqual(client.takeEvents(), []);
  client.connection.receive(setWindow(MEBI + 5));
  assert.deepEqual(client.takeEvents(), [["writable", 1]]);
  assert.equal(client.connection.sendData(one, new Uint8Array(9), false), 5);
});

Deno.test("our smaller window holds once the peer has acknowledged it", () => {
  const server = new Endpoint("server", { streamWindow: 10 });
  const client = new Endpoint("client");
  client.connection.openStream(CONNECT, false);
  client.connection.openStream(CONNECT, false);
  const { connection } = server;
  connection.receive(client.takeOctets());
  connection.receive(frame(0, 0, 1, new Uint8Array(16)));
  connection.receive(frame(4, 1, 0));
  connection.receive(frame(0, 0, 3, new Uint8Array(16)));
  const lost = server.takeEvents().filter(([name]) => name === "reset");
  assert.deepEqual(lost, [["reset", 3, H2Code.FLOW_CONTROL_ERROR]]);
});

Deno.test("onWritable comes when the stream's window opens, and once", () => {
  const pair = tunnel({ server: { streamWindow: 1000 } });
  const { client, server } = pair;
  assert.equal(
    client.connection.sendData(one, new Uint8Array(1500), true),
    1000,
  );
  pair.settle();
  server.connection.release(one, 1000);
  pair.settle();
  assert.deepEqual(client.takeEvents(), [["writable", 1]]);
  server.connection.receive(frame(8, 0, 1, uint32(5)));
  pair.settle();
  assert.deepEqual(client.takeEvents(), []);
});

Deno.test("streams that wait for the connection's window share it in turn", () => {
  const client = new Endpoint("client");
  const { connection } = client;
  connection.receive(join([
    frame(4, 0, 0, [0, 4, ...uint32(MEBI)]),
  ]));
  const ids = Array.from(
    { length: 4 },
    () => connection.openStream(CONNECT, false)!,
  );
  const sent = new Map(ids.map((id) => [id, 0]));
  const send = (id: StreamId) => {
    const taken = connection.sendData(id, new Uint8Array(100_000), false);
    sent.set(id, sent.get(id)! + taken);
  };
  send(ids[0]!);
  ids.forEach(send); // All the initial window went to the first.
  assert.deepEqual([...sent.values()], [65_535, 0, 0, 0]);
  client.react = ([name, id]) => {
    if (name === "writable") send(id as StreamId);
  };
  connection.receive(frame(8, 0, 0, uint32(200_000)));
  assert.deepEqual([...sent.values()], [115_535, 50_000, 50_000, 50_000]);
  connection.receive(frame(8, 0, 0, uint32(20_000)));
  const extra = [...sent.values()].map((octets) => octets % 50_000);
  assert.deepEqual(extra, [15_535 + 16_384, 3_616, 0, 0]);
  connection.receive(frame(8, 0, 0, uint32(30_000)));
  assert.deepEqual(
    [...sent.values()].map((octets) => octets % 50_000),
    [15_535 + 16_384, 3_616, 16_384, 13_616],
  );
});

Deno.test("a stream reset while it waits leaves the queue", () => {
  const client = new Endpoint("client");
  const { connection } = client;
  connection.receive(frame(4, 0, 0));
  const [first, second] = [CONNECT, CONNECT].map((fields) =>
    connection.openStream(fields, false)!
  );
  connection.sendData(first!, new Uint8Array(65_535), false);
  connection.sendData(second!, new Uint8Array(1), false);
  connection.reset(second!, H2Code.CANCEL);
  client.takeEvents();
  connection.receive(frame(8, 0, 0, uint32(100)));
  assert.deepEqual(client.takeEvents(), []);
});

Deno.test("the server's preface check is the client's preface", () => {
  const octets = new Endpoint("client").takeOctets();
  assert.deepEqual(octets.subarray(0, PREFACE.length), PREFACE);
});
