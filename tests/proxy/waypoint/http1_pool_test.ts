import assert from "node:assert/strict";
import { Http1Session } from "../../../src/net/http1_session.ts";
import { TcpStream } from "../../../src/net/tcp_stream.ts";
import { StreamTransport } from "../../../src/net/transport.ts";
import { Http1Pool } from "../../../src/proxy/waypoint/http1_pool.ts";
import { IDLE_UPSTREAMS_MAX } from "../../../src/proxy/waypoint/limits.ts";
import { makeTcpPair } from "../../support/sockets.ts";

/** Connections that nobody has used yet. */
class Clients implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  async session(pool?: Http1Pool): Promise<{
    session: Http1Session;
    closed: Promise<void>;
    end(): void;
  }> {
    const { client, server } = this.#stack.use(await makeTcpPair());
    const { promise, resolve } = Promise.withResolvers<void>();
    const session: Http1Session = new Http1Session(
      new StreamTransport(new TcpStream(client)),
      {
        role: "client",
        onClosed() {
          pool?.forget("a", session);
          resolve();
        },
      },
    );
    return { session, closed: promise, end: () => server.end() };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack[Symbol.asyncDispose]();
  }
}

Deno.test("Http1Pool gives the connection that was used last, by key", async () => {
  await using clients = new Clients();
  const pool = new Http1Pool();
  const [one, two] = await Promise.all([clients.session(), clients.session()]);
  pool.keep("a", one.session);
  pool.keep("a", two.session);
  assert.equal(pool.take("b"), undefined);
  assert.equal(pool.take("a"), two.session);
  assert.equal(pool.take("a"), one.session);
  assert.equal(pool.take("a"), undefined);
});

Deno.test("Http1Pool gives no connection that its server has ended", async () => {
  await using clients = new Clients();
  const pool = new Http1Pool();
  const [live, dead] = [
    await clients.session(pool),
    await clients.session(pool),
  ];
  for (const { session } of [live, dead]) pool.keep("a", session);
  dead.end();
  await dead.closed;
  assert.equal(pool.take("a"), live.session);
  assert.equal(pool.take("a"), undefined);
});

Deno.test("Http1Pool keeps no connection that can carry nothing", async () => {
  await using clients = new Clients();
  const pool = new Http1Pool();
  const { session } = await clients.session();
  session.destroy();
  pool.keep("a", session);
  assert.equal(pool.take("a"), undefined);
});

Deno.test("Http1Pool closes what is idle for a while", async () => {
  await using clients = new Clients();
  const pool = new Http1Pool(1);
  const { session, closed } = await clients.session();
  pool.keep("a", session);
  await closed;
  assert.equal(pool.take("a"), undefined);
});

Deno.test("Http1Pool keeps a limited number of connections", async () => {
  await using clients = new Clients();
  const pool = new Http1Pool();
  const made = await Promise.all(
    Array.from({ length: IDLE_UPSTREAMS_MAX + 1 }, () => clients.session()),
  );
  for (const { session } of made) pool.keep("a", session);
  await made.at(-1)?.closed;
  assert.deepEqual(
    made.map(({ session }) => session.closed),
    made.map((_, at) => at === IDLE_UPSTREAMS_MAX),
  );
  pool.drain();
  await Promise.all(made.map(({ closed }) => closed));
});

Deno.test("Http1Pool closes what comes back after it was drained", async () => {
  await using clients = new Clients();
  const pool = new Http1Pool();
  pool.drain();
  const { session, closed } = await clients.session();
  pool.keep("a", session);
  await closed;
});
