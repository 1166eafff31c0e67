/** Programs of other authors as clients of our server, on loopback. */
import assert from "node:assert/strict";
import { run } from "./support/program.ts";
import { H2TestServer } from "./support/h2_server.ts";

const MEBI = 2 ** 20;

/** A file of that many octets, removed with the scope. */
async function fileOf(length: number) {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(length).fill(0x79));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

Deno.test("curl gets a body above a mebibyte", async () => {
  await using server = await H2TestServer.start();
  const { code, stdout, stderr } = await run("curl", [
    "--silent",
    "--show-error",
    "--http2-prior-knowledge",
    "--write-out",
    "\n%{http_version} %{http_code} %{size_download}",
    `http://127.0.0.1:${server.port}/bytes/${3 * MEBI}`,
  ]);
  assert.equal(code, 0, stderr);
  assert.ok(stdout.endsWith(`\n2 200 ${3 * MEBI}`));
  assert.deepEqual(server.errors, []);
});

Deno.test("curl gets an upload above a mebibyte back", async () => {
  await using server = await H2TestServer.start();
  await using file = await fileOf(2 * MEBI + 5);
  const { code, stdout, stderr } = await run("curl", [
    "--silent",
    "--show-error",
    "--http2-prior-knowledge",
    "--data-binary",
    `@${file.path}`,
    `http://127.0.0.1:${server.port}/echo`,
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "y".repeat(2 * MEBI + 5));
});

Deno.test("curl reports a stream reset", async () => {
  await using server = await H2TestServer.start();
  const { code, stderr } = await run("curl", [
    "--silent",
    "--show-error",
    "--http2-prior-knowledge",
    `http://127.0.0.1:${server.port}/reset`,
  ]);
  assert.equal(code, 92, stderr); // CURLE_HTTP2_STREAM
  assert.match(stderr, /CANCEL/);
});

Deno.test("nghttp sends padding and trailers and reads them back", async () => {
  await using server = await H2TestServer.start();
  await using file = await fileOf(MEBI + 1);
  const { code, stdout, stderr } = await run("nghttp", [
    "--verbose",
    "--no-dep",
    "--null-out",
    "--padding=255",
    "--trailer=x-sum: 42",
    `--data=${file.path}`,
    `http://127.0.0.1:${server.port}/echo`,
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /recv \(stream_id=\d+\) x-sum: 42/);
  assert.match(stdout, /recv GOAWAY|send GOAWAY/);
  assert.doesNotMatch(stdout, /INVALID|(?<!NO)_ERROR/);
  assert.deepEqual(server.errors, []);
});

Deno.test("nghttp reads an informational response, a GOAWAY and PING answers", async () => {
  await using server = await H2TestServer.start();
  const base = `http://127.0.0.1:${server.port}`;
  const { code, stdout, stderr } = await run("nghttp", [
    "--verbose",
    "--continuation",
    `${base}/early`,
    `${base}/goaway`,
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /:status: 103/);
  assert.match(stdout, /recv GOAWAY frame/);
  assert.match(stdout, /CONTINUATION|send HEADERS/);
});

Deno.test("nghttp uses small windows and a small header table", async () => {
  await using server = await H2TestServer.start();
  const { code, stdout, stderr } = await run("nghttp", [
    "--stat",
    "--null-out",
    "--multiply=20",
    "--window-bits=10",
    "--connection-window-bits=16",
    "--header-table-size=0",
    "--encoder-header-table-size=128",
    `http://127.0.0.1:${server.port}/bytes/200000`,
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.match(/ 200 195K /g)?.length, 20, stdout);
  assert.deepEqual(server.errors, []);
});

Deno.test("h2load gets every answer, many streams on many connections", async () => {
  await using server = await H2TestServer.start();
  const { code, stdout, stderr } = await run("h2load", [
    "--requests=5000",
    "--clients=8",
    "--max-concurrent-streams=100",
    `http://127.0.0.1:${server.port}/bytes/1000`,
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /5000 succeeded, 0 failed, 0 errored, 0 timeout/);
  assert.equal(server.connections.length, 8);
  assert.deepEqual(server.errors, []);
});
