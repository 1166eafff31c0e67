import assert from "node:assert/strict";
import {
  H2Code,
  recycleOutput,
  type StreamId,
} from "../../../src/wire/h2/mod.ts";
import {
  CONNECT,
  Endpoint,
  framesOf,
  GET,
  OK,
  Pair,
  POST,
  resetsOf,
} from "./support.ts";

const one = 1 as StreamId;

Deno.test("H2Connection carries a request and its response", () => {
  const { client, server, settle } = bound();
  assert.equal(client.connection.openStream(GET, true), 1);
  settle();
  assert.deepEqual(server.takeEvents(), [["headers", 1, GET, "request", true]]);
  server.connection.sendHeaders(one, OK, false);
  server.connection.sendData(one, Uint8Array.of(1, 2, 3), true);
  assert.deepEqual(server.takeEvents(), [["closed", 1]]);
  settle();
  assert.deepEqual(client.takeEvents(), [
    ["headers", 1, OK, "response", false],
    ["data", 1, 3, true],
    ["closed", 1],
  ]);
  assert.deepEqual(client.received.get(1), [1, 2, 3]);
  assert.equal(client.connection.openStreams, 0);
});

Deno.test("H2Connection carries informational responses and trailers", () => {
  const { client, server, settle } = bound();
  client.connection.openStream(POST, false);
  settle();
  const hints = [[":status", "103"], ["link", "</a>"]] as const;
  const status = [["grpc-status", "0"]] as const;
  server.connection.sendHeaders(one, hints, false);
  server.connection.sendHeaders(one, OK, false);
  server.connection.sendHeaders(one, status, true);
  client.connection.sendHeaders(one, [["x-sum", "7"]], true);
  settle();
  assert.deepEqual(client.takeEvents(), [
    ["headers", 1, hints, "informational", false],
    ["headers", 1, OK, "response", false],
    ["headers", 1, status, "trailers", true],
    ["closed", 1],
  ]);
  assert.deepEqual(server.takeEvents(), [
    ["headers", 1, POST, "request", false],
    ["headers", 1, [["x-sum", "7"]], "trailers", true],
    ["closed", 1],
  ]);
});

Deno.test("H2Connection carries a tunnel both ways, halves closed apart", () => {
  const { client, server, settle } = bound();
  client.connection.openStream(CONNECT, false);
  settle();
  server.connection.sendHeaders(one, OK, false);
  client.connection.sendData(one, Uint8Array.of(1), true);
  settle();
  server.connection.sendData(one, Uint8Array.of(2), false);
  settle();
  server.connection.sendData(one, new Uint8Array(0), true);
  settle();
  assert.deepEqual(server.takeEvents(), [
    ["headers", 1, CONNECT, "request", false],
    ["data", 1, 1, true],
    ["closed", 1],
  ]);
  assert.deepEqual(client.takeEvents(), [
    ["headers", 1, OK, "response", false],
    ["data", 1, 1, false],
    ["data", 1, 0, true],
    ["closed", 1],
  ]);
});

Deno.test("H2Connection refuses streams above the limit and leaves the others", () => {
  const { client, server, settle } = bound({
    server: { concurrentStreamsMax: 1 },
  });
  assert.equal(client.connection.peerMaxConcurrentStreams, 1);
  client.connection.openStream(GET, true);
  assert.equal(client.connection.canOpen, false);
  assert.equal(client.connection.openStream(GET, true), undefined);
  settle();
  server.connection.sendHeaders(one, OK, true);
  settle();
  assert.equal(client.connection.openStream(GET, true), 3);
});

Deno.test("H2Connection refuses what crossed its SETTINGS, tables stay equal", () => {
  const server = new Endpoint("server", { concurrentStreamsMax: 1 });
  const client = new Endpoint("client");
  const custom = (value: string) => [...GET, ["x-custom", value]] as const;
  client.connection.openStream(custom("a"), true);
  client.connection.openStream(custom("b"), true);
  server.connection.receive(client.takeOctets());
  client.connection.receive(server.takeOctets());
  assert.deepEqual(client.takeEvents(), [
    ["reset", 3, H2Code.REFUSED_STREAM],
    ["closed", 3],
  ]);
  server.connection.sendHeaders(one, OK, true);
  client.connection.receive(server.takeOctets());
  client.connection.openStream(custom("b"), true);
  server.connection.receive(client.takeOctets());
  const requests = server.takeEvents().filter(([name]) => name === "headers");
  assert.deepEqual(requests.map(([, stream, fields]) => [stream, fields]), [
    [1, custom("a")],
    [5, custom("b")],
  ]);
});

Deno.test("goAway() refuses streams opened after it", () => {
  const { client, server } = bound();
  server.connection.goAway();
  client.connection.openStream(GET, true);
  server.connection.receive(client.takeOctets());
  assert.deepEqual(resetsOf(server.takeOctets()), [
    [1, H2Code.REFUSED_STREAM],
  ]);
  assert.deepEqual(server.takeEvents(), [["finished"]]);
});

Deno.test("onGoAway finds the connection closed for new streams", () => {
  const { client, server, settle } = bound();
  let opened: unknown = "not asked";
  client.react = ([name]) => {
    if (name === "goaway") opened = client.connection.openStream(GET, true);
  };
  server.connection.goAway();
  settle();
  assert.equal(opened, undefined);
});

Deno.test("peerSettings follow the peer's SETTINGS", () => {
  const { client } = bound({
    server: {
      concurrentStreamsMax: 7,
      frameLengthMax: 20_000,
      headerListSizeMax: 999,
      headerTableSize: 128,
      streamWindow: 5,
      extendedConnect: true,
    },
  });
  assert.deepEqual(client.connection.peerSettings, {
    headerTableSize: 128,
    concurrentStreamsMax: 7,
    streamWindow: 5,
    frameLengthMax: 20_000,
    headerListSizeMax: 999,
    extendedConnect: true,
  });
});

Deno.test("H2Connection passes a reset with its code", () => {
  const { client, server, settle } = bound();
  client.connection.openStream(CONNECT, false);
  settle();
  server.takeEvents();
  client.connection.reset(one, H2Code.CANCEL);
  assert.deepEqual(client.takeEvents(), [["closed", 1]]);
  settle();
  assert.deepEqual(server.takeEvents(), [
    ["reset", 1, H2Code.CANCEL],
    ["closed", 1],
  ]);
  assert.equal(server.connection.sendData(one, Uint8Array.of(1), false), 0);
  assert.equal(server.connection.sendHeaders(one, OK, true), false);
});

Deno.test("H2Connection answers PING", () => {
  const { client, server, settle } = bound();
  client.connection.ping(0xdeadbeef);
  settle();
  assert.deepEqual(client.takeEvents(), [["pong", 0xdeadbeef]]);
  assert.deepEqual(server.takeEvents(), []);
});

Deno.test("drain() of a server loses no request on its way", () => {
  const { client, server, settle } = bound();
  server.connection.drain();
  assert.equal(server.connection.state, "draining");
  const crossing = client.connection.openStream(GET, true);
  assert.equal(crossing, 1);
  settle();
  assert.deepEqual(client.takeEvents(), [
    ["goaway", 2 ** 31 - 1, 0, ""],
    ["goaway", 1, 0, ""],
  ]);
  assert.equal(client.connection.openStream(GET, true), undefined);
  server.takeEvents();
  server.connection.sendHeaders(one, OK, true);
  assert.deepEqual(server.takeEvents(), [["closed", 1], ["finished"]]);
  settle();
  assert.deepEqual(client.takeEvents(), [
    ["headers", 1, OK, "response", true],
    ["closed", 1],
    ["finished"],
  ]);
});

Deno.test("drain() without streams finishes when the warning has arrived", () => {
  const { client, server, settle } = bound();
  server.connection.drain();
  assert.deepEqual(server.takeEvents(), []);
  settle();
  assert.deepEqual(server.takeEvents(), [["finished"]]);
  assert.ok(client.takeEvents().some(([name]) => name === "finished"));
});

Deno.test("drain() of a client opens no more and finishes with the last stream", () => {
  const { client, server, settle } = bound();
  client.connection.openStream(GET, true);
  client.connection.drain();
  assert.equal(client.connection.openStream(GET, true), undefined);
  settle();
  assert.deepEqual(server.takeEvents(), [
    ["headers", 1, GET, "request", true],
    ["goaway", 0, 0, ""],
  ]);
  server.connection.sendHeaders(one, OK, true);
  settle();
  assert.deepEqual(client.takeEvents(), [
    ["headers", 1, OK, "response", true],
    ["closed", 1],
    ["finished"],
  ]);
});

Deno.test("goAway() refuses what crosses it as safe to repeat", () => {
  const { client, server, settle } = bound();
  client.connection.openStream(CONNECT, false);
  settle();
  server.takeEvents();
  client.connection.openStream(CONNECT, false);
  server.connection.goAway(H2Code.NO_ERROR, "bye");
  settle();
  assert.deepEqual(client.takeEvents(), [
    ["goaway", 1, 0, "bye"],
    ["reset", 3, H2Code.REFUSED_STREAM],
    ["closed", 3],
  ]);
  assert.deepEqual(server.takeEvents(), []);
  assert.equal(server.connection.openStreams, 1);
});

Deno.test("terminate() resets every stream and silences the connection", () => {
  const { client, server, settle } = bound();
  client.connection.openStream(GET, true);
  client.connection.openStream(GET, true);
  settle();
  client.connection.terminate(H2Code.INTERNAL_ERROR);
  assert.deepEqual(client.takeEvents(), [
    ["reset", 1, H2Code.INTERNAL_ERROR],
    ["closed", 1],
    ["reset", 3, H2Code.INTERNAL_ERROR],
    ["closed", 3],
  ]);
  client.connection.ping(1);
  client.connection.goAway();
  assert.equal(client.connection.outputLength, 0);
  server.connection.sendHeaders(one, OK, true);
  assert.equal(client.connection.receive(server.takeOctets()), undefined);
  assert.deepEqual(client.takeEvents(), []);
});

Deno.test("onOutput comes once until the output was taken, not in the constructor", () => {
  const { client, settle } = bound();
  client.events.length = 0;
  client.connection.ping(1);
  client.connection.ping(2);
  const outputs = () => client.events.filter(([name]) => name === "output");
  assert.equal(outputs().length, 1);
  settle();
  client.connection.ping(3);
  assert.equal(outputs().length, 2);
});

Deno.test("the frames of a turn leave in one chunk, DATA as a copy", () => {
  const { client, server, settle } = bound();
  const id = client.connection.openStream(CONNECT, false)!;
  settle();
  const octets = new Uint8Array(5000).fill(7);
  client.connection.ping(1);
  client.connection.sendData(id, octets, false);
  client.connection.ping(2);
  octets.fill(8);
  const chunks = client.connection.takeOutput();
  assert.equal(chunks.length, 1);
  server.connection.receive(chunks[0]!);
  assert.deepEqual(server.received.get(id), new Array(5000).fill(7));
});

Deno.test("a recycled chunk's memory is used again, another's is left alone", () => {
  const { client, server, settle } = bound();
  const id = client.connection.openStream(CONNECT, false)!;
  settle();
  const send = (value: number) => {
    const octets = new Uint8Array(300_000).fill(value);
    client.connection.sendData(id, octets, false);
    return client.connection.takeOutput();
  };
  const first = send(1);
  const second = send(2);
  recycleOutput(first);
  recycleOutput(first);
  const [third, fourth] = [send(3), send(4)];
  assert.ok(third.some(({ buffer }) => first.some((c) => c.buffer === buffer)));
  const memory = [...second, ...third, ...fourth].map(({ buffer }) => buffer);
  assert.equal(new Set(memory).size, memory.length);
  for (const chunk of [second, third, fourth].flat()) {
    server.connection.receive(chunk);
  }
  const values = server.received.get(id)!;
  assert.deepEqual([0, 299_999, 300_000, 600_000].map((at) => values[at]), [
    2,
    2,
    3,
    4,
  ]);
});

Deno.test("sendData() splits what one frame cannot hold", () => {
  const { client, server, settle } = bound({
    server: { frameLengthMax: 16_384 },
  });
  const id = client.connection.openStream(CONNECT, false)!;
  settle();
  const sent = Uint8Array.from({ length: 40_000 }, (_, at) => at);
  client.connection.sendData(id, sent, true);
  const octets = client.takeOctets();
  assert.deepEqual(framesOf(octets).map(({ payload }) => payload.length), [
    16_384,
    16_384,
    7_232,
  ]);
  server.connection.receive(octets);
  assert.deepEqual(server.received.get(id), [...sent]);
});

Deno.test("a header list above the frame size goes out in CONTINUATION", () => {
  const { client, server, settle } = bound();
  const fields = [...GET, ["x-long", "\u00ff".repeat(40_000)]] as const;
  client.connection.openStream(fields, true);
  settle();
  assert.deepEqual(server.takeEvents(), [
    ["headers", 1, fields, "request", true],
  ]);
});

Deno.test("a header list above the limit is answered 431", () => {
  const { client, server, settle } = bound();
  const fields = [...POST, ["x-long", "a".repeat(70_000)]] as const;
  client.connection.openStream(fields, false);
  settle();
  assert.deepEqual(server.takeEvents(), []);
  assert.equal(server.connection.openStreams, 0);
  const [headers, ...rest] = client.takeEvents();
  assert.deepEqual(headers?.[2], [[":status", "431"], ["content-length", "0"]]);
  assert.deepEqual(rest, [["reset", 1, H2Code.NO_ERROR], ["closed", 1]]);
  client.connection.openStream(GET, true);
  settle();
  assert.deepEqual(server.takeEvents(), [["headers", 3, GET, "request", true]]);
});

Deno.test("a field that cannot be encoded harms no later one", () => {
  const { client, server, settle } = bound();
  const good = ["x-good", "1"] as const;
  assert.throws(
    () => client.connection.openStream([...GET, good, ["x", "\u0100"]], true),
    { name: "AssertionError" },
  );
  assert.equal(client.connection.openStream([...GET, good], true), 1);
  settle();
  assert.deepEqual(server.takeEvents(), [
    ["headers", 1, [...GET, good], "request", true],
  ]);
});

function bound(options?: ConstructorParameters<typeof Pair>[0]) {
  const pair = new Pair(options);
  return {
    client: pair.client,
    server: pair.server,
    settle: () => pair.settle(),
  };
}
