import assert from "node:assert/strict";
import type { HeaderList } from "../../../src/wire/http1/mod.ts";
import {
  exchange,
  GET,
  newClient,
  octetsOf,
  open,
  outputOf,
  POST,
} from "./support.ts";

const UPGRADE: HeaderList = [...GET, ["upgrade", "websocket"]];
const DONE = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

const written: [string, HeaderList, boolean, string][] = [
  ["a request", GET, true, "GET / HTTP/1.1\r\nhost: web.test\r\n\r\n"],
  [
    "a request of host without :authority",
    [[":method", "GET"], [":path", "/"], ["host", "b"]],
    true,
    "GET / HTTP/1.1\r\nhost: b\r\n\r\n",
  ],
  [
    "one host for :authority and host",
    [...GET, ["host", "web.test:80"]],
    true,
    "GET / HTTP/1.1\r\nhost: web.test\r\n\r\n",
  ],
  [
    "a request with an empty body where one is usual",
    POST,
    true,
    "POST / HTTP/1.1\r\nhost: web.test\r\ncontent-length: 0\r\n\r\n",
  ],
  [
    "a body of unknown length",
    POST,
    false,
    "POST / HTTP/1.1\r\nhost: web.test\r\ntransfer-encoding: chunked\r\n\r\n",
  ],
  [
    "a body of known length",
    [...POST, ["content-length", "0042"]],
    false,
    "POST / HTTP/1.1\r\nhost: web.test\r\ncontent-length: 42\r\n\r\n",
  ],
  [
    "cookies as one field",
    [...GET, ["cookie", "a=1"], ["x", "1"], ["cookie", "b=2"]],
    true,
    "GET / HTTP/1.1\r\nhost: web.test\r\nx: 1\r\ncookie: a=1; b=2\r\n\r\n",
  ],
  [
    "te with trailers",
    [...GET, ["te", "trailers"]],
    true,
    "GET / HTTP/1.1\r\nhost: web.test\r\nte: trailers\r\nconnection: te\r\n\r\n",
  ],
  [
    "an upgrade",
    [...UPGRADE, ["te", "trailers"]],
    true,
    "GET / HTTP/1.1\r\nhost: web.test\r\nte: trailers\r\nupgrade: websocket\r\nconnection: te, upgrade\r\n\r\n",
  ],
  [
    "no upgrade to HTTP/2",
    [...GET, ["upgrade", "h2c"]],
    true,
    "GET / HTTP/1.1\r\nhost: web.test\r\n\r\n",
  ],
  [
    "no fields of another connection",
    [
      ...GET,
      ["connection", "x-hop"],
      ["x-hop", "1"],
      ["keep-alive", "1"],
      ["proxy-connection", "1"],
      ["transfer-encoding", "chunked"],
      ["te", "gzip"],
    ],
    true,
    "GET / HTTP/1.1\r\nhost: web.test\r\n\r\n",
  ],
  [
    "an asterisk",
    [[":method", "OPTIONS"], [":authority", "a"], [":path", "*"]],
    true,
    "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
  ],
  [
    "CONNECT",
    [[":method", "CONNECT"], [":authority", "a:1"]],
    false,
    "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n",
  ],
];
for (const [what, headers, end, expected] of written) {
  Deno.test(`a client writes ${what}`, () => {
    const { client } = newClient();
    assert.equal(open(client, headers, end), 1);
    assert.equal(outputOf(client), expected);
  });
}

const unwritable: [string, HeaderList, boolean?][] = [
  ["no method", [[":path", "/"], [":authority", "a"]]],
  ["a method with a space", [[":method", "GET /x"], ...GET.slice(1)]],
  ["a method with a line end", [[":method", "GET\r\n"], ...GET.slice(1)]],
  ["a long method", [[":method", "M".repeat(33)], ...GET.slice(1)]],
  ["no path", GET.slice(0, 3)],
  ["a path with a space", [...GET.slice(0, 3), [":path", "/a HTTP/1.1"]]],
  ["a path with a line end", [...GET.slice(0, 3), [":path", "/\r\nx: y"]]],
  ["a path above 127", [...GET.slice(0, 3), [":path", "/\xe9"]]],
  ["a path above 255", [...GET.slice(0, 3), [":path", "/\u010a"]]],
  ["a path with a fragment", [...GET.slice(0, 3), [":path", "/#a"]]],
  ["a relative path", [...GET.slice(0, 3), [":path", "a"]]],
  ["an asterisk for GET", [...GET.slice(0, 3), [":path", "*"]]],
  ["no authority", [[":method", "GET"], [":path", "/"]]],
  ["an authority with a line end", [[":authority", "a\r\n"], GET[0]!, GET[3]!]],
  ["an authority with a user", [[":authority", "a@b"], GET[0]!, GET[3]!]],
  ["a value with a line end", [...GET, ["x", "\r\n"]]],
  ["a value with a NUL", [...GET, ["x", "\0"]]],
  ["a name with a line end", [...GET, ["x: y\r\nz", "a"]]],
  ["a length without a body", [...POST, ["content-length", "1"]], true],
  ["a bad content-length", [...POST, ["content-length", "1;"]], false],
  [
    "a long content-length",
    [...POST, ["content-length", "1".repeat(16)]],
    false,
  ],
];
for (const [what, headers, end = true] of unwritable) {
  Deno.test(`a client does not write ${what}, and is free for another`, () => {
    const { client } = newClient();
    const error = client.openExchange(headers, end);
    assert.ok(error instanceof Error);
    assert.equal(error.status, 400);
    assert.equal(client.outputLength, 0);
    assert.equal(open(client, GET, true), 1);
  });
}

Deno.test("a client opens one exchange at a time", () => {
  const { client } = newClient();
  open(client, GET, true);
  assert.equal(client.canOpen, false);
  assert.ok(client.openExchange(GET, true) instanceof Error);
  client.takeOutput();
  client.receive(octetsOf(DONE));
  assert.ok(client.canOpen);
  assert.equal(open(client, GET, true), 2);
});

Deno.test("a client may open the next exchange when told of the end of one", () => {
  const { client, told } = newClient();
  let opened: unknown;
  told.react = ([name]) => {
    if (name === "closed") opened ??= client.openExchange(GET, true);
  };
  open(client, GET, true);
  client.takeOutput();
  client.receive(octetsOf(DONE));
  assert.equal(opened, 2);
  assert.match(outputOf(client), /^GET/);
});

Deno.test("a client sends chunks and trailers", () => {
  const { client } = newClient();
  const id = open(client, POST, false);
  outputOf(client);
  assert.equal(client.sendData(id, octetsOf("a".repeat(26)), false), 26);
  assert.equal(client.sendData(id, octetsOf(""), false), 0);
  assert.equal(client.sendHeaders(id, [["x-sum", "1"]]), undefined);
  const expected = `1a\r\n${"a".repeat(26)}\r\n0\r\nx-sum: 1\r\n\r\n`;
  assert.equal(outputOf(client), expected);
  assert.equal(client.sendData(id, octetsOf("b"), false), 0);
});

Deno.test("a client that is answered early is not used again", () => {
  const { client, told } = newClient();
  const id = open(client, POST, false);
  client.takeOutput();
  client.receive(octetsOf("HTTP/1.1 413 a\r\nContent-Length: 0\r\n\r\n"));
  assert.equal(client.canOpen, false);
  assert.ok(!told.take().some(([name]) => name === "closed"));
  client.sendData(id, octetsOf("a"), true);
  assert.deepEqual(told.take(), [
    ["closed", 1],
    ["finished", "close", undefined],
  ]);
});

Deno.test("reset() of a client gives the connection up", () => {
  const { client, told } = newClient();
  const id = open(client, POST, false);
  client.reset(id);
  assert.deepEqual(told.take(), [
    ["closed", 1],
    ["finished", "close", undefined],
  ]);
  assert.equal(client.canOpen, false);
});

Deno.test("a client becomes a stream of octets by 101", () => {
  const { client, told } = newClient();
  const id = open(client, UPGRADE, true);
  client.takeOutput();
  const answer =
    "HTTP/1.1 101 a\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n";
  client.receive(octetsOf(`${answer}HTTP/1.1 garbage`));
  assert.deepEqual(told.headers, [[
    [":status", "101"],
    ["upgrade", "websocket"],
  ]]);
  assert.equal(told.bodies.get(1), "HTTP/1.1 garbage");
  client.sendData(id, octetsOf("raw"), false);
  assert.equal(outputOf(client), "raw");
  told.take();
  client.end();
  assert.deepEqual(told.take(), [["data", 1, 0, true]]);
  client.sendData(id, octetsOf("more"), true);
  assert.equal(outputOf(client), "more");
  assert.deepEqual(told.take(), [
    ["closed", 1],
    ["finished", "close", undefined],
  ]);
});

Deno.test("a client whose upgrade is declined goes on with HTTP", () => {
  const { client } = newClient();
  open(client, UPGRADE, true);
  client.takeOutput();
  client.receive(octetsOf(DONE));
  assert.ok(client.canOpen);
});

Deno.test("a client opens a tunnel by 2xx to CONNECT", () => {
  const { client, told } = newClient();
  const id = open(
    client,
    [[":method", "CONNECT"], [":authority", "a:1"]],
    true,
  );
  client.takeOutput();
  assert.equal(client.sendData(id, octetsOf("a"), false), 0, "not yet");
  client.receive(octetsOf("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"));
  assert.deepEqual(told.headers, [[[":status", "200"]]]);
  assert.equal(told.bodies.get(1), "ab");
  assert.equal(client.sendData(id, octetsOf("a"), false), 1);
});

Deno.test("a client ends when the idle server does", () => {
  const { client, told } = newClient();
  open(client, GET, true);
  client.takeOutput();
  client.receive(octetsOf(DONE));
  told.take();
  assert.equal(client.end(), undefined);
  assert.deepEqual(told.take(), [["finished", "close", undefined]]);
  assert.equal(client.canOpen, false);
});

Deno.test("drain() of a client lets the exchange end and opens no other", () => {
  const { client, told } = newClient();
  open(client, GET, true);
  client.takeOutput();
  client.drain();
  client.receive(octetsOf(DONE));
  assert.equal(told.take().at(-1)?.[0], "finished");
  assert.equal(client.canOpen, false);
});

Deno.test("a client asks to stop reading while bodies are held", () => {
  const { client, told } = newClient({ receiveWindow: 10 });
  open(client, GET, true);
  client.takeOutput();
  const body = "a".repeat(11);
  client.receive(
    octetsOf(`HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n${body}`),
  );
  assert.ok(client.paused, "also behind the exchange");
  client.release(11);
  assert.equal(client.paused, false);
  assert.ok(told.events.some(([name]) => name === "resume"));
});

Deno.test("terminate() of a client tells what may be repeated", () => {
  const { client, told } = newClient();
  open(client, GET, true);
  client.terminate();
  assert.deepEqual(told.take(), [["reset", 1, "unanswered"], ["closed", 1]]);
  client.reset(exchange(1));
  assert.deepEqual(told.take(), []);
});
