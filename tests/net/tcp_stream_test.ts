import assert from "node:assert/strict";
import { withDescriptor } from "../../src/net/descriptor.ts";
import { HALF_CLOSED_MS, WRITE_QUEUE_MAX } from "../../src/net/limits.ts";
import { TcpStream } from "../../src/net/tcp_stream.ts";
import { libc } from "../../src/sys/libc.ts";
import { byteStreamSuite } from "../suites/byte_stream_suite.ts";
import { Recorder } from "../support/recorder.ts";
import { makeTcpPair, type TcpPair } from "../support/sockets.ts";

byteStreamSuite("TcpStream", async () => {
  const tcp = await makeTcpPair();
  return {
    near: new TcpStream(tcp.client),
    far: new TcpStream(tcp.server),
    [Symbol.asyncDispose]: () => tcp[Symbol.asyncDispose](),
  };
});

/** Two connected streams, and what each of them hears. */
async function connect(prepare = (_pair: TcpPair): void => {}) {
  const tcp = await makeTcpPair();
  prepare(tcp);
  const [near, far] = [new TcpStream(tcp.client), new TcpStream(tcp.server)];
  const [atNear, atFar] = [new Recorder(), new Recorder()];
  near.attach(atNear);
  far.attach(atFar);
  const dispose = () => tcp[Symbol.asyncDispose]();
  return { near, far, atNear, atFar, [Symbol.asyncDispose]: dispose };
}

const SO_SNDBUF = 7;

Deno.test("TcpStream tells of room whoever was told to wait, whatever it wrote since", async () => {
  // So that the queue gets short long before it is empty.
  const small = new Uint8Array(Int32Array.of(65_536).buffer);
  await using pair = await connect(({ client }) =>
    withDescriptor(client, (fd) => {
      assert.equal(libc.setsockopt(fd, 1, SO_SNDBUF, small, 4), 0);
    })
  );
  const { near, far, atNear, atFar } = pair;
  far.pause();
  while (near.write(new Uint8Array(WRITE_QUEUE_MAX))) continue;
  far.resume();
  await atFar.until(() => {
    if (atNear.drains === 0) near.write(new Uint8Array(1));
    return atNear.drains > 0;
  });
});

Deno.test("TcpStream closes when a peer that ended its half is reset, with nothing to write", async () => {
  await using pair = await connect();
  const { far, atNear } = pair;
  far.end();
  await atNear.ended();
  far.reset(); // by SO_LINGER of 0
  await atNear.closed();
  assert.equal((atNear.error as { code?: string } | undefined)?.code, "EPIPE");
});

Deno.test("TcpStream stays open to a peer that ended its half and still reads", async () => {
  await using pair = await connect();
  const { near, far, atNear, atFar } = pair;
  far.end();
  await atNear.ended();
  await new Promise((resolve) => setTimeout(resolve, 2 * HALF_CLOSED_MS));
  near.write(new Uint8Array(10));
  near.end();
  await atFar.closed();
  await atNear.closed();
  assert.equal(atFar.length, 10);
  assert.deepEqual(atNear.calls, ["end", "close"]);
});
