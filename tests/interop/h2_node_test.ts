/** node:http2 on the other end, as server and as client, on loopback. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { H2TestClient, requestTo } from "./support/h2_client.ts";
import { H2TestServer } from "./support/h2_server.ts";

const MEBI = 2 ** 20;

/** A node:http2 server whose streams go to `serve`. */
async function nodeServer(
  serve: (
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
  ) => void,
) {
  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", serve);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

/** A node:http2 session with our test server. */
function nodeClient(port: number) {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  return { session, [Symbol.dispose]: () => session.destroy() };
}

/** Everything a node:http2 stream received. */
async function answerTo(stream: http2.ClientHttp2Stream) {
  const parts: Buffer[] = [];
  let headers: http2.IncomingHttpHeaders = {};
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on("response", (fields) => headers = fields);
  stream.on("trailers", (fields) => trailers = fields);
  stream.on("data", (part: Buffer) => parts.push(part));
  await new Promise<void>((resolve, reject) => {
    stream.on("end", () => resolve());
    stream.on("error", reject);
  });
  return { headers, trailers, body: Buffer.concat(parts) };
}

Deno.test("node:http2 serves our client bodies above a mebibyte both ways", async () => {
  await using server = await nodeServer((stream) => {
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  using client = new H2TestClient(server.port);
  const body = new Uint8Array(3 * MEBI + 7).map((_, at) => at * 31);
  const headers = requestTo(server.port, "POST", "/");
  const answer = await client.request(headers, body);
  assert.equal(answer.status, "200");
  assert.ok(Buffer.from(answer.body).equals(Buffer.from(body)));
});

Deno.test("node:http2 serves our client many streams at once", async () => {
  await using server = await nodeServer((stream, headers) => {
    stream.respond({ ":status": 200, "x-path": headers[":path"] });
    stream.end("x".repeat(20_000));
  });
  using client = new H2TestClient(server.port);
  const answers = await Promise.all(
    Array.from(
      { length: 50 },
      (_, at) => client.request(requestTo(server.port, "GET", `/${at}`)),
    ),
  );
  for (const [at, answer] of answers.entries()) {
    assert.equal(answer.body.length, 20_000);
    assert.ok(
      answer.headers.some(([n, v]) => n === "x-path" && v === `/${at}`),
    );
  }
});

Deno.test("node:http2 serves our client trailers and informational responses", async () => {
  await using server = await nodeServer((stream) => {
    stream.additionalHeaders({ ":status": 103, link: "</a.css>" });
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "9" }));
    stream.end("body");
  });
  using client = new H2TestClient(server.port);
  const answer = await client.request(requestTo(server.port, "GET", "/"));
  assert.deepEqual(answer.informational.map((fields) => fields[0]?.[1]), [
    "103",
  ]);
  assert.ok(answer.trailers.some(([n, v]) => n === "x-sum" && v === "9"));
});

Deno.test("node:http2 carries our client's CONNECT", async () => {
  let authority: string | undefined;
  await using server = await nodeServer((stream, headers) => {
    assert.equal(headers[":method"], "CONNECT");
    authority = headers[":authority"];
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  using client = new H2TestClient(server.port);
  const body = new Uint8Array(MEBI + 3).fill(5);
  const connect = [[":method", "CONNECT"], [
    ":authority",
    "10.0.0.1:80",
  ]] as const;
  const answer = await client.request(connect, body);
  assert.equal(answer.status, "200");
  assert.equal(answer.body.length, body.length);
  assert.equal(authority, "10.0.0.1:80");
});

Deno.test("node:http2 that sends GOAWAY lets our client's stream finish", async () => {
  await using server = await nodeServer((stream) => {
    stream.session?.goaway(0);
    stream.respond({ ":status": 200 });
    stream.end("late");
  });
  using client = new H2TestClient(server.port);
  const headers = requestTo(server.port, "GET", "/");
  const answer = await client.request(headers);
  assert.equal(new TextDecoder().decode(answer.body), "late");
  await client.finished;
  assert.equal(client.goAways[0]?.code, 0);
  await assert.rejects(client.request(headers), /no stream can be opened/);
});

Deno.test("node:http2 answers our client's PING", async () => {
  await using server = await nodeServer(() => {});
  using client = new H2TestClient(server.port);
  await client.ping();
});

Deno.test("our server echoes node:http2 a body above a mebibyte, with trailers", async () => {
  await using server = await H2TestServer.start();
  using client = nodeClient(server.port);
  const body = Buffer.alloc(2 * MEBI + 9, "ab");
  const stream = client.session.request(
    { ":method": "POST", ":path": "/echo" },
    { endStream: false },
  );
  const answer = answerTo(stream);
  stream.end(body);
  const { headers, body: echoed } = await answer;
  assert.equal(headers[":status"], 200);
  assert.ok(echoed.equals(body));
  assert.deepEqual(server.errors, []);
});

Deno.test("our server carries node:http2's CONNECT both ways", async () => {
  await using server = await H2TestServer.start();
  using client = nodeClient(server.port);
  const stream = client.session.request({
    ":method": "CONNECT",
    ":authority": "10.0.0.1:80",
  });
  const answer = answerTo(stream);
  const body = Buffer.alloc(MEBI + 1, "z");
  stream.end(body);
  const { headers, body: echoed } = await answer;
  assert.equal(headers[":status"], 200);
  assert.ok(echoed.equals(body));
});

Deno.test("our server's GOAWAY lets node:http2 finish and closes the session", async () => {
  await using server = await H2TestServer.start();
  using client = nodeClient(server.port);
  const code = new Promise<number>((resolve) => {
    client.session.on("goaway", resolve);
  });
  const closed = new Promise<void>((resolve) => {
    client.session.on("close", () => resolve());
  });
  const stream = client.session.request({ ":path": "/goaway" });
  const { headers } = await answerTo(stream);
  assert.equal(headers[":status"], 200);
  assert.equal(await code, 0);
  await closed;
});

Deno.test("our server resets node:http2's stream and nothing else", async () => {
  await using server = await H2TestServer.start();
  using client = nodeClient(server.port);
  const stream = client.session.request({ ":path": "/reset" });
  const code = await new Promise((resolve) => {
    stream.on("error", () => {});
    stream.on("close", () => resolve(stream.rstCode));
  });
  assert.equal(code, 8);
  const { body } = await answerTo(
    client.session.request({ ":path": "/bytes/10" }),
  );
  assert.equal(body.length, 10);
});
