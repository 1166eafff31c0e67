import assert from "node:assert/strict";
import type { HeaderList } from "../../../src/wire/http1/mod.ts";
import { get, post } from "./requests.ts";
import {
  type Event,
  exchange,
  newServer,
  octetsOf,
  OK,
  outputOf,
} from "./support.ts";

const ONE = exchange(1);
const SWITCH: HeaderList = [[":status", "101"], ["upgrade", "websocket"]];
const names = (events: readonly Event[]) => events.map(([name]) => name);

Deno.test("a server gives bodies on as views", () => {
  const { server, told } = newServer();
  const octets = octetsOf(post("Content-Length: 3\r\n", "abc"));
  let view: ArrayBufferLike | undefined;
  told.onData = (_, part) => view = part.buffer;
  server.receive(octets);
  assert.equal(view, octets.buffer);
});

Deno.test("a server sends large bodies without copying them", () => {
  for (
    const fields of [OK, [...OK, ["content-length", "5000"]]] as HeaderList[]
  ) {
    const { server } = newServer();
    server.receive(octetsOf(get("")));
    server.sendHeaders(ONE, fields, false);
    const body = new Uint8Array(5_000);
    assert.equal(server.sendData(ONE, body, true), 5_000);
    const chunks = server.takeOutput();
    assert.ok(chunks.some((chunk) => chunk.buffer === body.buffer));
    assert.ok(chunks.length <= 3, "the rest is gathered");
  }
});

const bodies = [
  ["chunks", OK, "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"],
  [
    "a length",
    [...OK, ["content-length", "2"]],
    "content-length: 2\r\n\r\nab",
  ],
  [
    "two equal lengths",
    [...OK, ["content-length", "2"], ["content-length", "2"]],
    "content-length: 2\r\n\r\nab",
  ],
] as [string, HeaderList, string][];
for (const [what, headers, expected] of bodies) {
  Deno.test(`a server delimits a body by ${what}`, () => {
    const { server } = newServer();
    server.receive(octetsOf(get("")));
    server.sendHeaders(ONE, headers, false);
    server.sendData(ONE, octetsOf("ab"), false);
    server.sendData(ONE, octetsOf(""), true);
    assert.equal(outputOf(server), `HTTP/1.1 200 OK\r\n${expected}`);
    assert.equal(server.state, "open");
  });
}

const noContent = [
  [
    "HEAD",
    get("", "HEAD / HTTP/1.1"),
    [...OK, ["content-length", "9"]],
    "200 OK\r\ncontent-length: 9\r\n",
  ],
  ["HEAD without a length", get("", "HEAD / HTTP/1.1"), OK, "200 OK\r\n"],
  [
    "204",
    get(""),
    [[":status", "204"], ["content-length", "0"]],
    "204 No Content\r\n",
  ],
  [
    "304",
    get(""),
    [[":status", "304"], ["content-length", "9"]],
    "304 Not Modified\r\ncontent-length: 9\r\n",
  ],
] as [string, string, HeaderList, string][];
for (const [what, request, headers, expected] of noContent) {
  for (const end of [true, false]) {
    Deno.test(`a server sends no content with ${what}, end ${end}`, () => {
      const { server, told } = newServer();
      server.receive(octetsOf(request));
      server.sendHeaders(ONE, headers, end);
      if (!end) assert.equal(server.sendData(ONE, octetsOf("abc"), true), 3);
      assert.equal(outputOf(server), `HTTP/1.1 ${expected}\r\n`);
      assert.deepEqual(names(told.take()), ["headers", "closed"]);
      assert.equal(server.state, "open");
    });
  }
}

Deno.test("a server sends trailers behind chunks", () => {
  const { server } = newServer();
  server.receive(octetsOf(get("TE: trailers\r\n")));
  server.sendHeaders(ONE, OK, false);
  server.sendData(ONE, octetsOf("a"), false);
  const trailers = [["grpc-status", "0"], ["content-length", "1"]] as const;
  assert.equal(server.sendHeaders(ONE, trailers, true), undefined);
  assert.match(outputOf(server), /\r\n1\r\na\r\n0\r\ngrpc-status: 0\r\n\r\n$/);
});

Deno.test("a server leaves trailers out behind a length", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(get("")));
  server.sendHeaders(ONE, [...OK, ["content-length", "1"]], false);
  server.sendData(ONE, octetsOf("a"), false);
  server.sendHeaders(ONE, [["x-sum", "0"]], true);
  assert.match(outputOf(server), /\r\n\r\na$/);
  assert.deepEqual(names(told.take()), ["headers", "closed"]);
});

const lies = [
  ["more than content-length", "abc", false],
  ["less than content-length", "a", true],
] as const;
for (const [what, body, end] of lies) {
  Deno.test(`a server breaks off when it is given ${what}`, () => {
    const { server, told } = newServer();
    server.receive(octetsOf(get("")));
    server.sendHeaders(ONE, [...OK, ["content-length", "2"]], false);
    outputOf(server);
    assert.equal(server.sendData(ONE, octetsOf(body), end), 0);
    assert.equal(outputOf(server), "");
    assert.deepEqual(told.take().slice(1, 3), [
      ["reset", 1, "unsendable"],
      ["closed", 1],
    ]);
    assert.equal(server.state, "closed");
  });
}

const unsendable: [string, HeaderList, boolean][] = [
  ["a line end in a value", [...OK, ["x", "a\r\nset-cookie: b"]], true],
  ["a line feed in a value", [...OK, ["x", "a\nb"]], true],
  ["a carriage return in a value", [...OK, ["x", "a\rb"]], true],
  ["a NUL in a value", [...OK, ["x", "a\0b"]], true],
  ["a control character in a value", [...OK, ["x", "\x1b"]], true],
  ["a character above 255", [...OK, ["x", "\u010d\u010a"]], true],
  ["a line end in a cookie", [...OK, ["cookie", "a\r\n"]], true],
  ["a line end in a name", [...OK, ["x\r\ny", "a"]], true],
  ["a space in a name", [...OK, ["x y", "a"]], true],
  ["a colon in a name", [...OK, ["x:y", "a"]], true],
  ["a name above 255", [...OK, ["\u0178", "a"]], true],
  ["an empty name", [...OK, ["", "a"]], true],
  ["no status", [["x", "a"]], true],
  ["a long status", [[":status", "2000"]], true],
  ["a status with a line end", [[":status", "200\r\n"]], true],
  ["two content-lengths", [...OK, ["content-length", "1"], [
    "content-length",
    "2",
  ]], false],
  ["a list as content-length", [...OK, ["content-length", "1, 1"]], false],
  ["a signed content-length", [...OK, ["content-length", "+1"]], false],
  ["a length without a body", [...OK, ["content-length", "1"]], true],
  ["101 that was not asked for", SWITCH, false],
];
for (const [what, headers, end] of unsendable) {
  Deno.test(`a server does not send ${what}, and can send another`, () => {
    const { server } = newServer();
    server.receive(octetsOf(get("")));
    const error = server.sendHeaders(ONE, headers, end);
    assert.equal(error?.status, 502);
    assert.equal(server.outputLength, 0);
    assert.equal(
      server.sendHeaders(ONE, [[":status", "502"]], true),
      undefined,
    );
    assert.match(outputOf(server), /^HTTP\/1\.1 502 Bad Gateway\r\n/);
  });
}

Deno.test("a server does not send trailers that split the stream", () => {
  const { server } = newServer();
  server.receive(octetsOf(get("")));
  server.sendHeaders(ONE, OK, false);
  outputOf(server);
  const error = server.sendHeaders(ONE, [["x", "a\r\n\r\nHTTP/1.1"]], true);
  assert.equal(error?.status, 502);
  assert.equal(server.outputLength, 0);
});

Deno.test("a server leaves out what speaks of another connection", () => {
  const { server } = newServer();
  server.receive(octetsOf(get("")));
  server.sendHeaders(ONE, [
    ...OK,
    ["connection", "x-hop, close"],
    ["x-hop", "1"],
    ["keep-alive", "5"],
    ["proxy-connection", "a"],
    ["transfer-encoding", "gzip"],
    ["te", "gzip"],
    ["upgrade", "h2c"],
    ["X-End", "2"],
  ], true);
  assert.equal(
    outputOf(server),
    "HTTP/1.1 200 OK\r\nx-end: 2\r\ncontent-length: 0\r\n\r\n",
  );
});
