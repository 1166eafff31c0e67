/** Our client, nghttpx and our server in a row, on loopback. */
import assert from "node:assert/strict";
import { H2TestClient, requestTo } from "./support/h2_client.ts";
import { H2TestServer } from "./support/h2_server.ts";
import { startNghttpx } from "./support/nghttpx.ts";

const MEBI = 2 ** 20;

Deno.test("nghttpx carries bodies above a mebibyte both ways, with trailers", async () => {
  await using server = await H2TestServer.start();
  await using proxy = await startNghttpx(server.port);
  using client = new H2TestClient(proxy.port);
  const body = new Uint8Array(2 * MEBI + 11).fill(9);
  const answer = await client.request(
    requestTo(proxy.port, "POST", "/echo"),
    body,
    [["x-sum", "11"]],
  );
  assert.equal(answer.status, "200");
  assert.deepEqual(answer.body, body);
  assert.deepEqual(answer.trailers, [["x-sum", "11"]]);
  assert.deepEqual(server.errors, []);
});

Deno.test("nghttpx carries many streams over one connection to our server", async () => {
  await using server = await H2TestServer.start();
  await using proxy = await startNghttpx(server.port);
  using client = new H2TestClient(proxy.port);
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, at) => {
      const path = `/bytes/${10_000 + at}`;
      return client.request(requestTo(proxy.port, "GET", path));
    }),
  );
  for (const [at, answer] of answers.entries()) {
    assert.equal(answer.body.length, 10_000 + at);
  }
  assert.equal(server.connections.length, 1);
});

Deno.test("nghttpx carries a tunnel from our client to our server", async () => {
  await using server = await H2TestServer.start();
  await using proxy = await startNghttpx(server.port, ["--http2-proxy"]);
  using client = new H2TestClient(proxy.port);
  const body = new Uint8Array(MEBI + 1).fill(3);
  const connect = [
    [":method", "CONNECT"],
    [":authority", "10.0.0.1:80"],
  ] as const;
  // nghttpx does not pass on that one half of a tunnel has ended.
  const answer = await client.exchange(connect, body);
  assert.equal(answer.status, "200");
  assert.deepEqual(answer.body, body);
});

Deno.test("nghttpx opens a new connection after our server's GOAWAY", async () => {
  await using server = await H2TestServer.start();
  await using proxy = await startNghttpx(server.port);
  using client = new H2TestClient(proxy.port);
  const first = await client.request(requestTo(proxy.port, "GET", "/goaway"));
  const second = await client.request(requestTo(proxy.port, "GET", "/bytes/5"));
  assert.equal(first.status, "200");
  assert.equal(second.body.length, 5);
  assert.equal(server.connections.length, 2);
});
