/** Programs and libraries of other authors as our HTTP/1.1 peers, on loopback. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Http1TestClient, requestTo } from "./support/http1_client.ts";
import { Http1TestServer } from "./support/http1_server.ts";
import { startNginx } from "./support/nginx.ts";
import { run } from "./support/program.ts";

const MEBI = 2 ** 20;
const text = (octets: Uint8Array) => new TextDecoder().decode(octets);

/** A file of that many octets, removed with the scope. */
async function fileOf(length: number) {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(length).fill(0x79));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

/** What curl printed; it must not fail. */
async function curl(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run("curl", [
    "--silent",
    "--show-error",
    "--http1.1",
    ...args,
  ]);
  assert.equal(code, 0, stderr);
  return stdout;
}

for (const kind of ["bytes", "chunks"]) {
  Deno.test(`curl gets ${kind} above a mebibyte`, async () => {
    await using server = await Http1TestServer.start();
    const printed = await curl(
      "--write-out",
      "\n%{http_version} %{http_code} %{size_download}",
      `http://127.0.0.1:${server.port}/${kind}/${3 * MEBI}`,
    );
    assert.ok(printed.endsWith(`\n1.1 200 ${3 * MEBI}`));
    assert.deepEqual(server.errors, []);
  });
}

Deno.test("curl uses one connection for several requests", async () => {
  await using server = await Http1TestServer.start();
  const url = `http://127.0.0.1:${server.port}`;
  await curl(`${url}/bytes/10`, `${url}/chunks/20`, `${url}/bytes/0`);
  assert.equal(server.requests.length, 3);
  assert.equal(server.connections, 1);
});

Deno.test("curl waits for 100 and gets its upload back", async () => {
  await using server = await Http1TestServer.start();
  await using file = await fileOf(2 * MEBI + 5);
  const printed = await curl(
    "--header",
    "Expect: 100-continue",
    "--expect100-timeout",
    "100",
    "--data-binary",
    `@${file.path}`,
    `http://127.0.0.1:${server.port}/echo`,
  );
  assert.equal(printed, "y".repeat(2 * MEBI + 5));
});

Deno.test("curl does not send a body that is refused", async () => {
  await using server = await Http1TestServer.start();
  await using file = await fileOf(MEBI);
  const printed = await curl(
    "--header",
    "Expect: 100-continue",
    "--expect100-timeout",
    "100",
    "--write-out",
    "%{http_code} %{size_upload}",
    "--data-binary",
    `@${file.path}`,
    `http://127.0.0.1:${server.port}/refuse`,
  );
  assert.equal(printed, "403 0");
});

Deno.test("curl uploads in chunks", async () => {
  await using server = await Http1TestServer.start();
  await using file = await fileOf(MEBI + 3);
  const printed = await curl(
    "--header",
    "Transfer-Encoding: chunked",
    "--upload-file",
    file.path,
    `http://127.0.0.1:${server.port}/echo`,
  );
  assert.equal(printed.length, MEBI + 3);
  assert.equal(server.requests[0]?.octets, MEBI + 3);
});

Deno.test("curl gets no body with HEAD", async () => {
  await using server = await Http1TestServer.start();
  const url = `http://127.0.0.1:${server.port}/bytes/12`;
  assert.match(await curl("--head", url), /content-length: 12\r\n/);
});

Deno.test("curl gets trailers", async () => {
  await using server = await Http1TestServer.start();
  const url = `http://127.0.0.1:${server.port}/trailers`;
  assert.match(await curl("--include", url), /\r\n\r\nax-sum: 1\r\n/);
});

Deno.test("curl that speaks HTTP/1.0 is told to upgrade, or served", async () => {
  await using strict = await Http1TestServer.start();
  await using lenient = await Http1TestServer.start({ http10: true });
  const status = ["--http1.0", "--write-out", " %{http_code}"];
  const url = (port: number) => `http://127.0.0.1:${port}/chunks/3`;
  assert.equal(await curl(...status, url(strict.port)), " 426");
  assert.equal(await curl(...status, url(lenient.port)), "yyy 200");
});

Deno.test("nginx serves our client files on one connection", async () => {
  const body = new Uint8Array(2 * MEBI + 9).map((_, at) => at * 31);
  await using nginx = await startNginx({ "big.bin": body });
  using client = new Http1TestClient(nginx.port);
  for (let round = 0; round < 3; round++) {
    const got = await client.request(requestTo(nginx.port, "GET", "/big.bin"));
    assert.equal(got.status, "200");
    assert.ok(Buffer.from(got.body).equals(Buffer.from(body)));
  }
  const range = await client.request([
    ...requestTo(nginx.port, "GET", "/big.bin"),
    ["range", "bytes=10-19"],
  ]);
  assert.deepEqual([range.status, range.body], ["206", body.slice(10, 20)]);
  const head = await client.request(requestTo(nginx.port, "HEAD", "/big.bin"));
  assert.deepEqual([head.status, head.body.length], ["200", 0]);
  const etag = head.headers.find(([name]) => name === "etag")![1];
  const same = await client.request([
    ...requestTo(nginx.port, "GET", "/big.bin"),
    ["if-none-match", etag],
  ]);
  assert.equal(same.status, "304");
  const none = await client.request(requestTo(nginx.port, "GET", "/none"));
  assert.equal(none.status, "404");
  assert.ok(client.connection.canOpen);
});

Deno.test("nginx reads our client's heads and chunks", async () => {
  await using nginx = await startNginx({});
  using client = new Http1TestClient(nginx.port);
  for (const path of ["/text", "/proxied"]) {
    const answer = await client.request([
      ...requestTo(nginx.port, "POST", path),
      ["x-test", "a b"],
    ], { body: new Uint8Array(900) });
    assert.equal(answer.status, "200");
    assert.match(text(answer.body), /^POST 127\.0\.0\.1 a b$/);
  }
});

Deno.test("nginx refuses our client a body that was not sent yet", async () => {
  await using nginx = await startNginx({});
  using client = new Http1TestClient(nginx.port);
  const answer = await client.request([
    ...requestTo(nginx.port, "POST", "/text"),
    ["content-length", "5000"],
    ["expect", "100-continue"],
  ], { body: new Uint8Array(5_000), expect: true });
  assert.equal(answer.status, "413");
  assert.equal(client.connection.canOpen, false);
});

Deno.test("nginx ends the connection and our client does not use it again", async () => {
  await using nginx = await startNginx({});
  using client = new Http1TestClient(nginx.port);
  const answer = await client.request(requestTo(nginx.port, "GET", "/last"));
  assert.equal(answer.status, "204");
  assert.equal(client.connection.canOpen, false);
});

/** A node:http server. */
async function nodeServer(serve: http.RequestListener) {
  const server = http.createServer(serve);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

Deno.test("node:http echoes our client's body, by length and in chunks", async () => {
  await using node = await nodeServer((request, response) => {
    const length = request.headers["content-length"];
    if (length !== undefined) response.setHeader("content-length", length);
    request.pipe(response);
  });
  using client = new Http1TestClient(node.port);
  const body = new Uint8Array(2 * MEBI + 7).map((_, at) => at * 31);
  const head = requestTo(node.port, "POST", "/");
  const announced = ["content-length", String(body.length)] as const;
  for (const headers of [head, [...head, announced]]) {
    const answer = await client.request(headers, { body });
    assert.equal(answer.status, "200");
    assert.ok(Buffer.from(answer.body).equals(Buffer.from(body)));
  }
  assert.ok(client.connection.canOpen);
});

Deno.test("node:http exchanges trailers with our client", async () => {
  let received: NodeJS.Dict<string> = {};
  await using node = await nodeServer((request, response) => {
    request.resume();
    request.on("end", () => {
      received = request.trailers;
      response.writeHead(200, { trailer: "x-sum" });
      response.write("abc");
      response.addTrailers({ "x-sum": "3" });
      response.end();
    });
  });
  using client = new Http1TestClient(node.port);
  const answer = await client.request(
    [...requestTo(node.port, "POST", "/"), ["te", "trailers"]],
    { body: new Uint8Array(5), trailers: [["x-count", "5"]] },
  );
  assert.equal(received["x-count"], "5");
  assert.deepEqual(answer.trailers, [["x-sum", "3"]]);
});

Deno.test("node:http tells our client to go on, and gives hints", async () => {
  await using node = await nodeServer((request, response) => {
    response.writeEarlyHints({ link: "</a.css>; rel=preload" });
    request.pipe(response);
  });
  using client = new Http1TestClient(node.port);
  const answer = await client.request([
    ...requestTo(node.port, "POST", "/"),
    ["expect", "100-continue"],
  ], { body: new TextEncoder().encode("late"), expect: true });
  const statuses = answer.informational.map((list) => list[0]?.[1]);
  assert.deepEqual(statuses, ["100", "103"]);
  assert.equal(text(answer.body), "late");
});

Deno.test("node:http switches to another protocol with our client", async () => {
  await using node = await nodeServer(() => {});
  node.server.on("upgrade", (_request, socket: Socket, head: Buffer) => {
    socket.write(
      "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
    );
    socket.write(head);
    socket.pipe(socket);
  });
  using client = new Http1TestClient(node.port);
  const parts: string[] = [];
  const ended = new Promise<void>((resolve) => {
    client.onTunnel = (octets, end) => {
      parts.push(text(octets));
      if (end) resolve();
    };
  });
  const head = [...requestTo(node.port, "GET", "/"), [
    "upgrade",
    "echo",
  ]] as const;
  const id = client.open(head, true);
  await client.switched;
  client.connection.sendData(id, new TextEncoder().encode("hello"), true);
  await ended;
  assert.equal(parts.join(""), "hello");
});

/** What a node:http client got. */
async function nodeRequest(
  options: http.RequestOptions,
  send: (request: http.ClientRequest) => void = (request) => request.end(),
) {
  const request = http.request({ host: "127.0.0.1", ...options });
  send(request);
  const response = await new Promise<http.IncomingMessage>(
    (resolve, reject) => {
      request.on("response", resolve);
      request.on("error", reject);
    },
  );
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { response, body: Buffer.concat(parts) };
}

Deno.test("node:http keeps its connection to our server", async () => {
  await using server = await Http1TestServer.start();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (const path of ["/bytes/100000", "/chunks/100000", "/bytes/0"]) {
    const { response, body } = await nodeRequest({
      port: server.port,
      path,
      agent,
    });
    assert.equal(response.statusCode, 200);
    assert.equal(body.length, Number(path.split("/")[2]));
  }
  agent.destroy();
  assert.equal(server.connections, 1);
});

Deno.test("node:http gets its body and trailers back from our server", async () => {
  await using server = await Http1TestServer.start();
  const sent = Buffer.alloc(2 * MEBI + 1, "ab");
  const { response, body } = await nodeRequest(
    { port: server.port, path: "/echo", method: "POST", agent: false },
    (request) => {
      request.setHeader("trailer", "x-sum");
      request.write(sent);
      request.addTrailers({ "x-sum": "9" });
      request.end();
    },
  );
  assert.ok(body.equals(sent));
  assert.deepEqual(server.requests[0]?.trailers, [["x-sum", "9"]]);
  assert.equal(response.trailers["x-sum"], "9");
});

Deno.test("node:http switches to another protocol with our server", async () => {
  await using server = await Http1TestServer.start();
  const request = http.request({
    host: "127.0.0.1",
    port: server.port,
    path: "/switch",
    headers: { connection: "Upgrade", upgrade: "echo" },
    agent: false,
  });
  request.end();
  const [response, socket] = await new Promise<[http.IncomingMessage, Socket]>(
    (resolve, reject) => {
      request.on(
        "upgrade",
        (response, socket) => resolve([response, socket as Socket]),
      );
      request.on("error", reject);
    },
  );
  assert.equal(response.statusCode, 101);
  socket.write("hello");
  const [part] = await new Promise<Buffer[]>((resolve) => {
    socket.once("data", (octets: Buffer) => resolve([octets]));
  });
  assert.equal(String(part), "hello");
  socket.destroy();
});
