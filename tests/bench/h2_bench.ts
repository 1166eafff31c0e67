/**
 * The speed of the HTTP/2 core alone: two connections in one thread, no socket.
 *
 *     deno run tests/bench/h2_bench.ts
 */
import assert from "node:assert/strict";
import { HpackDecoder, HpackEncoder } from "../../src/wire/hpack/mod.ts";
import {
  H2Connection,
  type H2Handlers,
  type HeaderList,
  recycleOutput,
  type StreamId,
} from "../../src/wire/h2/mod.ts";

const TUNNEL: HeaderList = [
  [":method", "CONNECT"],
  [":authority", "10.0.0.7:8080"],
];
const CALL: HeaderList = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/shop.Cart/Add?user=1234"],
  [":authority", "cart.shop.svc.cluster.local:8080"],
  ["content-type", "application/grpc"],
  ["user-agent", "grpc-go/1.64.0"],
  ["te", "trailers"],
  ["traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
];
const ANSWER: HeaderList = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];
const now = () => performance.now();

/** Handlers that do nothing, but for those given. */
function handlers(given: Partial<H2Handlers>): H2Handlers {
  const none = () => {};
  return {
    onHeaders: none,
    onData: none,
    onReset: none,
    onWritable: none,
    onGoAway: none,
    onPong: none,
    onOutput: none,
    ...given,
  };
}

/** Moves all output of one connection into the other. */
function move(from: H2Connection, to: H2Connection): void {
  const chunks = from.takeOutput();
  for (const chunk of chunks) {
    const error = to.receive(chunk);
    if (error !== undefined) throw error;
  }
  recycleOutput(chunks);
}

/** A client and a server that have greeted each other. */
function connect(onServer: Partial<H2Handlers>): [H2Connection, H2Connection] {
  const client = new H2Connection("client", handlers({}), { now });
  const server = new H2Connection("server", handlers(onServer), { now });
  for (let turn = 0; turn < 2; turn++) {
    move(client, server);
    move(server, client);
  }
  return [client, server];
}

/** Octets a second through a tunnel, sent in chunks of that length. */
function dataRate(chunkLength: number): number {
  const total = 8 * 2 ** 30;
  let received = 0;
  const [client, server] = connect({
    onData(stream, octets) {
      received += octets.length;
      server.release(stream, octets.length);
    },
  });
  const id = client.openStream(TUNNEL, false)!;
  const payload = new Uint8Array(chunkLength);
  const start = now();
  for (let sent = 0; sent < total; sent += chunkLength) {
    assert.equal(client.sendData(id, payload, false), chunkLength);
    move(client, server);
    if (server.outputLength > 0) move(server, client);
  }
  assert.equal(received, total);
  return total / (now() - start) * 1000;
}

/** Octets a second when DATA frames of 1 MiB arrive in pieces of 64 KiB. */
function pieceRate(): number {
  const total = 8 * 2 ** 30;
  const frame = 2 ** 20;
  const piece = 65_536;
  let received = 0;
  const [client, server] = connect({
    onData(stream, octets) {
      received += octets.length;
      server.release(stream, octets.length);
    },
  });
  const id = client.openStream(TUNNEL, false)!;
  const payload = new Uint8Array(frame);
  const start = now();
  for (let sent = 0; sent < total; sent += frame) {
    client.sendData(id, payload, false);
    const chunks = client.takeOutput();
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += piece) {
        server.receive(chunk.subarray(at, at + piece));
      }
    }
    recycleOutput(chunks);
    if (server.outputLength > 0) move(server, client);
  }
  assert.equal(received, total);
  return total / (now() - start) * 1000;
}

/** Header blocks a second, encoded and decoded. */
function headerRates(fields: HeaderList): { encode: number; decode: number } {
  const rounds = 200_000;
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder(65_536);
  const octets = new Uint8Array(encoder.lengthMax(fields));
  const first = encoder.encode(fields, octets, 0);
  assert.equal(decoder.decode(octets, 0, first).fields.length, fields.length);
  let start = now();
  let end = 0;
  for (let round = 0; round < rounds; round++) {
    end = encoder.encode(fields, octets, 0);
  }
  const encode = rounds / (now() - start) * 1000;
  start = now();
  for (let round = 0; round < rounds; round++) decoder.decode(octets, 0, end);
  return { encode, decode: rounds / (now() - start) * 1000 };
}

/** Requests a second, opened, answered and closed on both ends. */
function requestRate(): number {
  const rounds = 100_000;
  let answered = 0;
  const [client, server] = connect({
    onHeaders(stream: StreamId) {
      server.sendHeaders(stream, ANSWER, true);
      answered++;
    },
  });
  const start = now();
  for (let round = 0; round < rounds; round++) {
    client.openStream(CALL, true);
    move(client, server);
    move(server, client);
  }
  assert.equal(answered, rounds);
  assert.equal(client.openStreams, 0);
  return rounds / (now() - start) * 1000;
}

function report(what: string, value: number, unit: string): void {
  console.log(`${what.padEnd(44)} ${value.toFixed(2).padStart(10)} ${unit}`);
}

for (const kibibytes of [16, 64, 256]) {
  const length = kibibytes * 1024;
  report(`DATA, ${kibibytes} KiB at once`, dataRate(length) / 1e9, "GB/s");
}
report("DATA, 1 MiB frames in pieces of 64 KiB", pieceRate() / 1e9, "GB/s");
for (
  const [name, fields] of [["request", CALL], ["response", ANSWER]] as const
) {
  const { encode, decode } = headerRates(fields);
  report(`HPACK, ${name} blocks encoded`, encode / 1000, "thousand/s");
  report(`HPACK, ${name} blocks decoded`, decode / 1000, "thousand/s");
}
report("requests opened, answered, closed", requestRate() / 1000, "thousand/s");
