import assert from "node:assert/strict";
import { H2Session, SESSION_LIMITS } from "../../src/net/h2_session.ts";
import { TURN_OUTPUT_MAX } from "../../src/net/limits.ts";
import { handlesOf } from "../../src/net/tls_handle.ts";
import { TlsTransport } from "../../src/net/tls_transport.ts";
import { H2Error } from "../../src/wire/h2/mod.ts";
import { CONNECT, HTTP2, makeH2Pair, makeTlsPair } from "../support/h2_pair.ts";
import { Recorder } from "../support/recorder.ts";

/** Told of a session's end. */
function ending() {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  return { closed: promise, onClosed: resolve };
}

const turn = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("H2Session writes once a turn, whatever its streams say", async () => {
  await using pair = await makeH2Pair();
  const streams = await Promise.all([pair.stream(), pair.stream()]);
  for (const { near } of streams) near.attach(new Recorder());
  const received = streams.map(({ far }) => {
    const recorder = new Recorder();
    far.attach(recorder);
    return recorder;
  });
  await turn();
  const { tls } = handlesOf(pair.tls.client)!;
  const write = tls.writeBuffer.bind(tls);
  let writes = 0;
  tls.writeBuffer = (request, octets) => {
    writes++;
    return write(request, octets);
  };
  for (const { near } of streams) {
    for (let i = 0; i < 10; i++) near.write(new Uint8Array(10));
  }
  await Promise.all(received.map((r) => r.until(() => r.length === 100)));
  assert.equal(writes, 1);
});

Deno.test("H2Session pauses streams that say much in one turn, and has them go on", async () => {
  await using pair = await makeH2Pair();
  const streams = await Promise.all([pair.stream(), pair.stream()]);
  const [bulk, small] = streams.map(({ near, far }) => {
    const recorder = new Recorder();
    near.attach(recorder);
    far.attach(new Recorder());
    return { near, recorder };
  });
  assert.equal(small!.near.write(new Uint8Array(10)), true);
  assert.equal(bulk!.near.write(new Uint8Array(TURN_OUTPUT_MAX)), false);
  assert.equal(small!.near.write(new Uint8Array(10)), false);
  await bulk!.recorder.until(() => bulk!.recorder.drains > 0);
  await small!.recorder.until(() => small!.recorder.drains > 0);
  assert.equal(small!.near.write(new Uint8Array(10)), true);
});

Deno.test("H2Session gives up a peer that does not answer a PING", async () => {
  const { closed, onClosed } = ending();
  const limits = { prefaceMs: 5_000, pingIntervalMs: 20, pingTimeoutMs: 50 };
  await using pair = await makeH2Pair({ onClosed, limits });
  const { near } = await pair.stream();
  const client = new Recorder();
  near.attach(client);
  pair.tls.server.pause();
  const reason = await closed;
  assert.equal(reason?.message, "HBONE ping timeout");
  assert.equal(client.error, reason);
  assert.equal(pair.client.open(CONNECT), undefined);
});

Deno.test("H2Session keeps a quiet peer that answers every PING", async () => {
  const limits = { prefaceMs: 5_000, pingIntervalMs: 5, pingTimeoutMs: 2_000 };
  await using pair = await makeH2Pair({ limits }, { limits });
  await turn(200);
  const { near, far } = await pair.stream();
  near.attach(new Recorder());
  const server = new Recorder();
  far.attach(server);
  near.end();
  await server.ended();
});

Deno.test("H2Session gives up a peer that does not speak HTTP/2 in time", async () => {
  await using tls = await makeTlsPair();
  const { closed, onClosed } = ending();
  new H2Session(new TlsTransport(tls.server), {
    role: "server",
    http2: HTTP2,
    limits: { ...SESSION_LIMITS, prefaceMs: 50 },
    onClosed,
  });
  assert.equal((await closed)?.message, "http2 handshake timed out");
  assert.ok(tls.server.destroyed);
});

const garbage: [name: string, octets: Uint8Array][] = [
  ["another protocol", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
  ["octets of chance", crypto.getRandomValues(new Uint8Array(1000))],
];
for (const [name, octets] of garbage) {
  Deno.test(`H2Session ends with an error for ${name}`, async () => {
    await using tls = await makeTlsPair();
    const { closed, onClosed } = ending();
    new H2Session(new TlsTransport(tls.server), {
      role: "server",
      http2: HTTP2,
      onClosed,
    });
    tls.client.write(octets);
    tls.client.resume();
    tls.client.on("end", () => tls.client.end());
    assert.ok(await closed instanceof H2Error);
  });
}

Deno.test("H2Session ends only itself, with its streams, when the peer breaks the protocol", async () => {
  await using other = await makeH2Pair();
  await using pair = await makeH2Pair();
  const { near, far } = await pair.stream();
  const [client, server] = [new Recorder(), new Recorder()];
  near.attach(client);
  far.attach(server);
  pair.tls.client.write(new Uint8Array(100).fill(0xff));
  await Promise.all([client.closed(), server.closed()]);
  assert.ok(client.error !== undefined && server.error !== undefined);
  assert.deepEqual([pair.client.openStreams, pair.server.openStreams], [0, 0]);
  const stream = await other.stream();
  stream.near.attach(new Recorder());
  const received = new Recorder();
  stream.far.attach(received);
  stream.near.end();
  await received.ended();
});

for (const role of ["client", "server"] as const) {
  Deno.test(`H2Session.drain() of the ${role} lets streams finish, and takes no more`, async () => {
    const [near, far] = [ending(), ending()];
    let goAways = 0;
    await using pair = await makeH2Pair(
      { onClosed: near.onClosed, onGoAway: () => goAways++ },
      { onClosed: far.onClosed },
    );
    const stream = await pair.stream();
    const [client, server] = [new Recorder(), new Recorder()];
    stream.near.attach(client);
    stream.far.attach(server);
    pair[role].drain();
    if (role === "client") assert.equal(pair.client.open(CONNECT), undefined);
    await turn();
    assert.equal(pair.client.open(CONNECT), undefined);
    assert.equal(goAways > 0, role === "server");
    stream.near.write(new Uint8Array(1000));
    await server.until(() => server.length === 1000);
    stream.near.end();
    stream.far.end();
    assert.deepEqual(await Promise.all([near.closed, far.closed]), [
      undefined,
      undefined,
    ]);
    assert.deepEqual([client.calls, server.calls], [
      ["end", "close"],
      ["end", "close"],
    ]);
  });
}

Deno.test("H2Session.drain() of a quiet session closes it", async () => {
  const [near, far] = [ending(), ending()];
  await using pair = await makeH2Pair(near, far);
  await pair.stream().then(({ near }) => near.reset());
  pair.client.drain();
  assert.deepEqual(await Promise.all([near.closed, far.closed]), [
    undefined,
    undefined,
  ]);
});

Deno.test("H2Session loses nothing when it ends while its peer is slow", async () => {
  const near = ending();
  const wide = { streamWindow: 1 << 24, connectionWindow: 1 << 26 };
  const http2 = { ...HTTP2, ...wide };
  await using pair = await makeH2Pair({ ...near, http2 }, { http2 });
  const streams = await Promise.all([pair.stream(), pair.stream()]);
  const servers = streams.map(({ near, far }) => {
    near.attach(new Recorder());
    const server = new Recorder();
    far.attach(server);
    far.end();
    return server;
  });
  await turn();
  pair.tls.server.pause();
  const size = 1 << 24;
  for (const { near } of streams) {
    for (let at = 0; at < size; at += 1 << 16) {
      near.write(new Uint8Array(1 << 16));
    }
    await turn();
  }
  assert.ok(pair.client.congested);
  pair.client.drain();
  for (const { near } of streams) near.end();
  await turn();
  pair.tls.server.resume();
  assert.equal(await near.closed, undefined);
  await Promise.all(servers.map((server) => server.ended()));
  assert.deepEqual(
    servers.map(({ length }) => length),
    streams.map(() => size),
  );
});

Deno.test("H2Session does not wait for ever for a peer that does not close", async () => {
  await using tls = await makeTlsPair();
  const { closed, onClosed } = ending();
  const session = new H2Session(
    new TlsTransport(tls.client, { lingerMs: 50 }),
    {
      role: "client",
      http2: HTTP2,
      onClosed,
    },
  );
  session.drain();
  assert.equal(await closed, undefined);
  assert.ok(tls.client.destroyed);
});

Deno.test("H2Session.destroy() drops everything at once", async () => {
  const [near, far] = [ending(), ending()];
  await using pair = await makeH2Pair(near, far);
  const stream = await pair.stream();
  const [client, server] = [new Recorder(), new Recorder()];
  stream.near.attach(client);
  stream.far.attach(server);
  const why = new Error("because");
  pair.client.destroy(why);
  assert.equal(client.error, why);
  assert.equal(await near.closed, why);
  await Promise.all([server.closed(), far.closed]);
  assert.ok(server.error !== undefined);
  assert.ok(pair.client.closed && pair.server.closed);
  pair.client.destroy();
});

Deno.test("H2Session tells of a stream that the peer's limit forbids by undefined", async () => {
  await using pair = await makeH2Pair({}, { maxConcurrentStreams: 2 });
  await Promise.all([pair.stream(), pair.stream()]);
  assert.equal(pair.client.open(CONNECT), undefined);
  assert.equal(pair.client.openStreams, 2);
});

for (const extendedConnect of [true, false]) {
  Deno.test(`H2Session learns from its peer: extendedConnect ${extendedConnect}`, async () => {
    await using pair = await makeH2Pair({}, { extendedConnect });
    assert.equal(await pair.client.takesExtendedConnect(), extendedConnect);
    assert.equal(await pair.server.takesExtendedConnect(), false);
  });
}

Deno.test("H2Session takes no extended CONNECT of a peer that never greets", async () => {
  await using tls = await makeTlsPair();
  const session = new H2Session(new TlsTransport(tls.client), {
    role: "client",
    http2: HTTP2,
  });
  const asked = session.takesExtendedConnect();
  session.destroy();
  assert.equal(await asked, false);
});
