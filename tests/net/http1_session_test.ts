import assert from "node:assert/strict";
import { Http1Session } from "../../src/net/http1_session.ts";
import type { MessageStream } from "../../src/net/message_stream.ts";
import { TcpStream } from "../../src/net/tcp_stream.ts";
import { StreamTransport } from "../../src/net/transport.ts";
import { Recorder } from "../support/recorder.ts";
import { makeTcpPair } from "../support/sockets.ts";

const REQUEST = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/** A server that has been sent {@link REQUEST}, and its client. */
async function requested(handlers: { onClosed?(): void } = {}) {
  const tcp = await makeTcpPair();
  const { promise, resolve } = Promise.withResolvers<MessageStream>();
  new Http1Session(new StreamTransport(new TcpStream(tcp.server)), {
    role: "server",
    onRequest: resolve,
    ...handlers,
  });
  const client = new TcpStream(tcp.client);
  const heard = new Recorder();
  client.attach(heard);
  client.write(new TextEncoder().encode(REQUEST));
  return {
    client,
    heard,
    stream: await promise,
    [Symbol.asyncDispose]: () => tcp[Symbol.asyncDispose](),
  };
}

const quiet = () => new Promise((resolve) => setTimeout(resolve, 100));

Deno.test("Http1Session sends all of an answer to a slow client before it closes", async () => {
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  await using server = await requested({ onClosed });
  const { client, heard, stream } = server;
  client.pause();
  const received = new Recorder();
  stream.attach(received);
  const size = 24 * 1024 * 1024;
  stream.sendHeaders(
    [[":status", "200"], ["content-length", `${size}`]],
    false,
  );
  for (let at = 0; at < size; at += 1 << 20) {
    stream.write(new Uint8Array(1 << 20).fill(0x61));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  stream.end();
  await quiet();
  client.resume();
  await heard.ended();
  const body = heard.chunks.reduce(
    (sum, chunk) => sum + chunk.filter((octet) => octet === 0x61).length,
    0,
  );
  // Some more of that octet stand in the head.
  assert.ok(body >= size && body < size + 100, `${body} octets`);
  client.end();
  await closed;
});
