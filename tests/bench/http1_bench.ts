/**
 * Speed of HTTP/1.1 in memory: heads read and written, exchanges, bodies.
 *
 *     deno run tests/bench/http1_bench.ts
 */
import assert from "node:assert/strict";
import {
  type ExchangeId,
  type HeaderList,
  Http1Client,
  type Http1Handlers,
  Http1Server,
} from "../../src/wire/http1/mod.ts";

const now = () => performance.now();

const REQUEST: HeaderList = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "reviews.default.svc.cluster.local:9080"],
  [":path", "/api/v1/products/0?verbose=1"],
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0"],
  ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["accept-language", "en-US,en;q=0.5"],
  ["accept-encoding", "gzip, deflate"],
  ["x-request-id", "6b1f0c0e-1111-4222-8333-944445555666"],
  ["x-forwarded-proto", "http"],
  ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  ["cache-control", "no-cache"],
  ["cookie", "session=0123456789abcdef0123456789abcdef"],
];

const RESPONSE: HeaderList = [
  [":status", "200"],
  ["content-type", "application/json; charset=utf-8"],
  ["content-length", "0"],
  ["date", "Sat, 21 Nov 2026 09:00:00 GMT"],
  ["etag", '"33a64df551425fcc55e4d42a148795d9f25f89d4"'],
  ["cache-control", "max-age=604800"],
  ["vary", "accept-encoding"],
];

const SILENT: Http1Handlers = {
  onHeaders() {},
  onData() {},
  onReset() {},
  onOutput() {},
  onResume() {},
};

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(0), ...rest] = chunks;
  assert.equal(rest.length, 0);
  return first;
}

function opened(client: Http1Client, end: boolean, headers = REQUEST) {
  const id = client.openExchange(headers, end);
  if (id instanceof Error) throw id;
  return id;
}

/** Request heads a second, each read and answered in the shortest way. */
function readRate(rounds: number): number {
  const octets = join((() => {
    const client = new Http1Client(SILENT);
    opened(client, true);
    return client.takeOutput();
  })());
  const answer: HeaderList = [[":status", "204"]];
  let told = 0;
  const server = new Http1Server({
    ...SILENT,
    onHeaders(exchange) {
      told++;
      server.sendHeaders(exchange, answer, true);
    },
  });
  const start = now();
  for (let round = 0; round < rounds; round++) {
    server.receive(octets);
    if (round % 100 === 0) server.takeOutput();
  }
  const rate = rounds / (now() - start) * 1000;
  assert.equal(told, rounds);
  return rate;
}

/** Exchanges a second: a request and a response, written and read. */
function exchangeRate(rounds: number): number {
  const server = new Http1Server({
    ...SILENT,
    onHeaders: (exchange) => server.sendHeaders(exchange, RESPONSE, true),
  });
  const client = new Http1Client(SILENT);
  const start = now();
  for (let round = 0; round < rounds; round++) {
    opened(client, true);
    for (const chunk of client.takeOutput()) server.receive(chunk);
    for (const chunk of server.takeOutput()) client.receive(chunk);
  }
  assert.ok(client.canOpen);
  return rounds / (now() - start) * 1000;
}

/** Octets of a body a second, sent and received in parts of a length. */
function bodyRate(total: number, part: number, chunked: boolean): number {
  let received = 0;
  const server = new Http1Server({
    ...SILENT,
    onData(_: ExchangeId, octets) {
      received += octets.length;
      server.release(octets.length);
    },
  });
  const client = new Http1Client(SILENT);
  const length: HeaderList = [["content-length", String(total)]];
  const id = opened(client, false, chunked ? REQUEST : [...REQUEST, ...length]);
  const octets = new Uint8Array(part);
  const start = now();
  for (let sent = 0; sent < total; sent += part) {
    client.sendData(id, octets, sent + part === total);
    for (const chunk of client.takeOutput()) server.receive(chunk);
  }
  const rate = total / (now() - start) * 1000;
  assert.equal(received, total);
  return rate;
}

function report(what: string, value: number, unit: string): void {
  console.log(`${what.padEnd(44)} ${value.toFixed(2).padStart(10)} ${unit}`);
}

readRate(20_000); // Lets the compiler see it first.
const heads = readRate(200_000);
report("request heads of 10 fields read", heads / 1000, "thousand/s");
report("the same", 1e6 / heads, "microseconds each");
exchangeRate(20_000);
report("exchanges, both ends", exchangeRate(100_000) / 1000, "thousand/s");
for (const kibibytes of [1, 16, 64]) {
  const part = kibibytes * 1024;
  const total = part * 2 ** 16;
  const byLength = bodyRate(total, part, false) / 1e9;
  report(`body by length, ${kibibytes} KiB`, byLength, "GB/s");
  const byChunks = bodyRate(total, part, true) / 1e9;
  report(`body by chunks, ${kibibytes} KiB`, byChunks, "GB/s");
}
