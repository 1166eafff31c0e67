import assert from "node:assert/strict";
import { H2Stream } from "../../src/net/h2_stream.ts";
import { byteStreamSuite } from "../suites/byte_stream_suite.ts";
import { CONNECT, type H2Pair, HTTP2, makeH2Pair } from "../support/h2_pair.ts";
import { Recorder } from "../support/recorder.ts";

const WINDOWS: [name: string, http2: typeof HTTP2][] = [
  ["the product's windows", HTTP2],
  [
    "small windows",
    { streamWindow: 16_384, connectionWindow: 65_535, frameSize: 16_384 },
  ],
];
for (const [name, http2] of WINDOWS) {
  byteStreamSuite(`H2Stream with ${name}`, async () => {
    const pair = await makeH2Pair({ http2 }, { http2 });
    return {
      ...await pair.stream(),
      [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
    };
  });
}

/** One stream may fill the whole connection's window. */
const ONE_WINDOW = {
  streamWindow: 65_535,
  connectionWindow: 65_535,
  frameSize: 16_384,
};

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Proves that a new stream can be sent more than the window holds. */
async function carriesOn(pair: H2Pair): Promise<void> {
  const { near, far } = await pair.stream();
  const received = new Recorder();
  near.attach(new Recorder());
  far.attach(received);
  near.write(new Uint8Array(200_000));
  near.end();
  await received.ended();
  assert.equal(received.length, 200_000);
}

Deno.test("H2Stream.reset() gives back what a finished stream still held", async () => {
  await using pair = await makeH2Pair({ http2: ONE_WINDOW }, {
    http2: ONE_WINDOW,
  });
  const { near, far } = await pair.stream();
  const [client, server] = [new Recorder(), new Recorder()];
  near.attach(client);
  far.attach(server);
  far.pause();
  near.write(new Uint8Array(60_000));
  near.end();
  far.end();
  await Promise.all([client.closed(), server.closed()]);
  far.reset();
  await carriesOn(pair);
});

Deno.test("H2Stream.refuse() gives back what came early, and ends the stream", async () => {
  await using pair = await makeH2Pair({ http2: ONE_WINDOW }, {
    http2: ONE_WINDOW,
  });
  const near = pair.client.open(CONNECT)!;
  const response = near.response();
  near.write(new Uint8Array(60_000));
  const { stream: far } = await pair.request();
  // What it refuses shall be there by then.
  await turn();
  far.refuse([[":status", "401"]]);
  assert.deepEqual((await response)[0], [":status", "401"]);
  const client = new Recorder();
  near.attach(client);
  await client.closed();
  assert.deepEqual(client.calls, ["end", "close"]);
  assert.deepEqual([pair.client.openStreams, pair.server.openStreams], [0, 0]);
  await carriesOn(pair);
});

Deno.test("H2Stream.write() says no until onDrain, also when there is room again", async () => {
  await using pair = await makeH2Pair();
  const { near } = await pair.stream();
  const carrier = { h2: pair.client.h2, congested: true };
  const stream = new H2Stream(near.id, carrier);
  const receiver = new Recorder();
  stream.attach(receiver);
  assert.equal(stream.write(new Uint8Array(1)), false);
  carrier.congested = false;
  assert.equal(stream.write(new Uint8Array(1)), false);
  stream.onUncongested();
  assert.equal(receiver.drains, 1);
  assert.equal(stream.write(new Uint8Array(1)), true);
});
