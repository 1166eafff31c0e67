import assert from "node:assert/strict";
import type { HeaderList } from "../../../src/model/http.ts";
import { TunnelError } from "../../../src/net/errors.ts";
import { H2Session } from "../../../src/net/h2_session.ts";
import type { H2Stream } from "../../../src/net/h2_stream.ts";
import { TcpStream } from "../../../src/net/tcp_stream.ts";
import { StreamTransport } from "../../../src/net/transport.ts";
import {
  Http2Pool,
  type PoolEvents,
} from "../../../src/proxy/waypoint/http2_pool.ts";
import { HTTP2 } from "../../support/h2_pair.ts";
import { Recorder } from "../../support/recorder.ts";
import { makeTcpPair } from "../../support/sockets.ts";

const GET: HeaderList = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "web"],
  [":path", "/"],
];
const REQUEST = { headers: GET, end: true };

/** Makes connections whose servers the test holds. */
class Servers implements AsyncDisposable {
  readonly sessions: H2Session[] = [];
  /** Of the requests that came and were not answered. */
  readonly streams: H2Stream[] = [];
  readonly closed: Promise<unknown>[] = [];
  readonly #stack = new AsyncDisposableStack();

  constructor(readonly maxConcurrentStreams = 100) {}

  readonly connect = async (events: PoolEvents): Promise<H2Session> => {
    const pair = this.#stack.use(await makeTcpPair());
    const { maxConcurrentStreams } = this;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed.push(promise);
    this.sessions.push(
      new H2Session(new StreamTransport(new TcpStream(pair.server)), {
        role: "server",
        http2: HTTP2,
        maxConcurrentStreams,
        onRequest: (stream) => this.streams.push(stream),
        onClosed: () => resolve(),
      }),
    );
    const session = new H2Session(
      new StreamTransport(new TcpStream(pair.client)),
      { role: "client", http2: HTTP2, ...events },
    );
    // What the server allows is known from its first SETTINGS on.
    await session.takesExtendedConnect();
    return session;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await this.#stack[Symbol.asyncDispose]();
  }
}

async function answer(servers: Servers, stream: H2Stream): Promise<void> {
  const recorder = new Recorder();
  stream.attach(recorder);
  while (servers.streams.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const request of servers.streams.splice(0)) {
    request.sendHeaders([[":status", "200"]], true);
  }
  await recorder.ended();
}

Deno.test("Http2Pool opens one connection for requests that come at once", async () => {
  await using servers = new Servers();
  const pool = new Http2Pool();
  const open = () => pool.open("a", servers.connect, REQUEST);
  const streams = await Promise.all([open(), open(), open()]);
  assert.equal(servers.sessions.length, 1);
  assert.deepEqual(streams.map(({ id }) => id), [1, 3, 5]);
  await pool.open("b", servers.connect, REQUEST);
  assert.equal(servers.sessions.length, 2);
  pool.drain();
});

Deno.test("Http2Pool opens another connection when one is full", async () => {
  await using servers = new Servers(2);
  const pool = new Http2Pool();
  const open = () => pool.open("a", servers.connect, REQUEST);
  for (let at = 0; at < 3; at++) await open();
  assert.equal(servers.sessions.length, 2);
  pool.drain();
});

Deno.test("Http2Pool gives up where no connection has room", async () => {
  await using servers = new Servers(0);
  const pool = new Http2Pool();
  await assert.rejects(
    pool.open("a", servers.connect, REQUEST),
    (error) => error instanceof TunnelError && /no room/.test(error.message),
  );
  assert.equal(servers.sessions.length, 2);
});

Deno.test("Http2Pool leaves a connection whose server is going", async () => {
  await using servers = new Servers();
  const pool = new Http2Pool();
  const first = await pool.open("a", servers.connect, REQUEST);
  servers.sessions[0]?.drain();
  await answer(servers, first);
  await servers.closed[0];
  await pool.open("a", servers.connect, REQUEST);
  assert.equal(servers.sessions.length, 2);
  pool.drain();
});

Deno.test("Http2Pool closes a connection that is idle for a while", async () => {
  await using servers = new Servers();
  const pool = new Http2Pool(1);
  await answer(servers, await pool.open("a", servers.connect, REQUEST));
  await servers.closed[0];
  await pool.open("a", servers.connect, REQUEST);
  assert.equal(servers.sessions.length, 2);
  pool.drain();
});

Deno.test("Http2Pool tries again after a connection that failed", async () => {
  await using servers = new Servers();
  const pool = new Http2Pool();
  const failing = () => Promise.reject(new Error("no way"));
  await assert.rejects(pool.open("a", failing, REQUEST), /no way/);
  await pool.open("a", servers.connect, REQUEST);
  assert.equal(servers.sessions.length, 1);
  pool.drain();
});

Deno.test("Http2Pool lets what is under way end when it drains", async () => {
  await using servers = new Servers();
  const pool = new Http2Pool();
  const stream = await pool.open("a", servers.connect, REQUEST);
  pool.drain();
  await answer(servers, stream);
  await servers.closed[0];
});
