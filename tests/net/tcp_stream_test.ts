import assert from "node:assert/strict";
import { withDescriptor } from "../../src/net/descriptor.ts";
import { HALF_CLOSED_MS, WRITE_QUEUE_MAX } from "../../src/net/limits.ts";
import { TcpStream } from "../../src/net/tcp_stream.ts";
import { libc } from "../../src/sys/libc.ts";
import { byteStreamSuite } from "../suites/byte_stream_suite.ts";
import { Recorder } from "../support/recorder.ts";
import { makeTcpPair } from "../support/sockets.ts";

byteStreamSuite("TcpStream", async () => {
  const tcp = await makeTcpPair();
  return {
    near: new TcpStream(tcp.client),
    far: new TcpStream(tcp.server),
    [Symbol.asyncDispose]: () => tcp[Symbol.asyncDispose](),
  };
});

const SO_SNDBUF = 7;

Deno.test("TcpStream tells of room whoever was told to wait, whatever it wrote since", async () => {
  await using tcp = await makeTcpPair();
  // So that the queue gets short long before it is empty.
  const small = new Uint8Array(Int32Array.of(65_536).buffer);
  withDescriptor(tcp.client, (fd) => {
    assert.equal(libc.setsockopt(fd, 1, SO_SNDBUF, small, 4), 0);
  });
  const [near, far] = [new TcpStream(tcp.client), new TcpStream(tcp.server)];
  const [writer, reader] = [new Recorder(), new Recorder()];
  near.attach(writer);
  far.attach(reader);
  far.pause();
  while (near.write(new Uint8Array(WRITE_QUEUE_MAX))) continue;
  far.resume();
  await reader.until(() => {
    if (writer.drains === 0) near.write(new Uint8Array(1));
    return writer.drains > 0;
  });
});

Deno.test("TcpStream closes when a peer that ended its half is reset, with nothing to write", async () => {
  await using tcp = await makeTcpPair();
  const [near, far] = [new TcpStream(tcp.client), new TcpStream(tcp.server)];
  const [heard, theirs] = [new Recorder(), new Recorder()];
  near.attach(heard);
  far.attach(theirs);
  far.end();
  await heard.ended();
  far.reset(); // by SO_LINGER of 0
  await heard.closed();
  assert.equal((heard.error as { code?: string } | undefined)?.code, "EPIPE");
});

Deno.test("TcpStream stays open to a peer that ended its half and still reads", async () => {
  await using tcp = await makeTcpPair();
  const [near, far] = [new TcpStream(tcp.client), new TcpStream(tcp.server)];
  const [heard, theirs] = [new Recorder(), new Recorder()];
  near.attach(heard);
  far.attach(theirs);
  far.end();
  await heard.ended();
  await new Promise((resolve) => setTimeout(resolve, 2 * HALF_CLOSED_MS));
  near.write(new Uint8Array(10));
  near.end();
  await theirs.closed();
  await heard.closed();
  assert.equal(theirs.length, 10);
  assert.deepEqual(heard.calls, ["end", "close"]);
});
