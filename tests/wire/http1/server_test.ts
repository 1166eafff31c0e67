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
const TWO = exchange(2);
const UPGRADE = get("Connection: upgrade\r\nUpgrade: websocket\r\n");
const SWITCH: HeaderList = [[":status", "101"], ["upgrade", "websocket"]];
const names = (events: readonly Event[]) => events.map(([name]) => name);

Deno.test("a server tells the next request after the exchange before it", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(get("").repeat(3)));
  assert.deepEqual(names(told.take()), ["headers"]);
  assert.ok(server.paused);
  server.sendHeaders(ONE, OK, false);
  assert.deepEqual(told.take(), []);
  server.sendData(ONE, octetsOf("a"), true);
  const events = told.take();
  assert.deepEqual(names(events), ["closed", "headers"]);
  assert.equal(events[1]?.[1], 2);
  assert.ok(server.paused);
  server.sendHeaders(TWO, OK, true);
  assert.deepEqual(names(told.take()), ["closed", "headers"]);
  assert.equal(server.paused, false);
});

Deno.test("a server waits for the request to end even when it is answered", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(post("Content-Length: 4\r\n", "ab")));
  server.sendHeaders(ONE, OK, true);
  assert.deepEqual(names(told.take()), ["headers", "data"]);
  server.receive(octetsOf(`cd${get("")}`));
  assert.deepEqual(names(told.take()), ["data", "closed", "headers"]);
  assert.equal(told.bodies.get(1), "abcd");
});

Deno.test("a server answers a thousand requests in a row without deep calls", () => {
  const { server, told } = newServer();
  told.react = ([name, id]) => {
    if (name === "headers") server.sendHeaders(exchange(Number(id)), OK, true);
  };
  server.receive(octetsOf(get("").repeat(1_000)));
  assert.equal(outputOf(server).match(/HTTP\/1\.1 200 OK/g)?.length, 1_000);
  assert.equal(told.take().length, 2_000);
});

Deno.test("a server asks to stop reading while bodies are held", () => {
  const { server, told } = newServer({ receiveWindow: 100 });
  server.receive(octetsOf(post("Content-Length: 300\r\n", "a".repeat(100))));
  assert.equal(server.paused, false);
  server.receive(octetsOf("a"));
  assert.ok(server.paused);
  server.release(50);
  assert.ok(server.paused, "51 is more than half of the window");
  server.release(1);
  assert.equal(server.paused, false);
  assert.equal(told.events.filter(([name]) => name === "resume").length, 1);
});

Deno.test("a server asks to stop reading while its answers are not read", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(get("")));
  server.sendHeaders(ONE, OK, false);
  server.sendData(ONE, new Uint8Array(300_000), false);
  assert.ok(server.paused);
  server.takeOutput();
  assert.equal(server.paused, false);
  assert.ok(told.events.some(([name]) => name === "resume"));
});

Deno.test("a server gives up a client that sends too much ahead", () => {
  const { server } = newServer({ backlogOctetsMax: 1_000 });
  server.receive(octetsOf(get("")));
  assert.equal(server.receive(octetsOf("a".repeat(1_000))), undefined);
  assert.match(server.receive(octetsOf("a"))?.found ?? "", /ahead/);
});

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

const lasts: [string, string, boolean][] = [
  ["close", get("Connection: close\r\n"), false],
  ["Close, foo", get("Connection: foo, Close\r\n"), false],
  ["nothing", get(""), true],
  ["nothing in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", false],
  [
    "keep-alive in HTTP/1.0",
    "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
    true,
  ],
];
for (const [what, request, goesOn] of lasts) {
  Deno.test(`a server keeps the connection as asked: ${what}`, () => {
    const { server, told } = newServer({ http10: true });
    server.receive(octetsOf(request));
    server.sendHeaders(ONE, OK, true);
    assert.equal(outputOf(server).includes("connection: close"), !goesOn);
    assert.equal(server.state, goesOn ? "open" : "closed");
    assert.equal(names(told.take()).includes("finished"), !goesOn);
  });
}

Deno.test("a server delimits a body to HTTP/1.0 by the end of the connection", () => {
  const { server, told } = newServer({ http10: true });
  const alive = "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
  server.receive(octetsOf(alive));
  assert.equal(server.sendHeaders(ONE, [[":status", "103"]], false), undefined);
  server.sendHeaders(ONE, OK, false);
  server.sendData(ONE, octetsOf("abc"), false);
  server.sendHeaders(ONE, [["x-sum", "1"]], true);
  assert.equal(
    outputOf(server),
    "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc",
  );
  assert.deepEqual(told.take().at(-1), ["finished", "close", undefined]);
});

Deno.test("a server wants a reset where a cut body would look complete", () => {
  const { server, told } = newServer({ http10: true });
  server.receive(octetsOf("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
  server.sendHeaders(ONE, OK, false);
  server.sendData(ONE, octetsOf("abc"), false);
  server.reset(ONE);
  assert.deepEqual(told.take().slice(1), [
    ["closed", 1],
    ["finished", "abort", undefined],
  ]);
});

Deno.test("a server passes an expectation on, and the answer to it", () => {
  const { server, told } = newServer();
  server.receive(
    octetsOf(post("Expect: 100-continue\r\nContent-Length: 1\r\n", "")),
  );
  const request = told.headers[0]!;
  assert.ok(request.some(([name]) => name === "expect"));
  server.sendHeaders(ONE, [[":status", "100"]], false);
  assert.equal(outputOf(server), "HTTP/1.1 100 Continue\r\n\r\n");
  server.receive(octetsOf("a"));
  server.sendHeaders(ONE, OK, true);
  assert.equal(
    outputOf(server),
    "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
  );
  assert.equal(server.state, "open");
});

Deno.test("a server closes when it refuses a body that was only announced", () => {
  const { server, told } = newServer();
  server.receive(
    octetsOf(post("Expect: 100-continue\r\nContent-Length: 1\r\n", "")),
  );
  server.sendHeaders(ONE, [[":status", "403"]], true);
  assert.match(outputOf(server), /connection: close/);
  assert.equal(server.state, "open", "the body may still come");
  server.reset(ONE);
  assert.deepEqual(told.take().slice(-2), [
    ["closed", 1],
    ["finished", "close", undefined],
  ]);
});

Deno.test("a server becomes a stream of octets by 101", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(`${UPGRADE}early`));
  server.sendHeaders(ONE, SWITCH, false);
  assert.match(
    outputOf(server),
    /^HTTP\/1\.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n$/,
  );
  server.receive(octetsOf(" GET / HTTP/1.1\r\n\r\n"));
  assert.equal(told.bodies.get(1), "early GET / HTTP/1.1\r\n\r\n");
  server.sendData(ONE, octetsOf("\0\r\n"), false);
  assert.equal(outputOf(server), "\0\r\n");
  told.take();
  server.sendData(ONE, octetsOf("x"), true);
  assert.deepEqual(names(told.take()), ["writeEnd"]);
  server.receive(octetsOf("late"));
  server.end();
  assert.deepEqual(names(told.take()), ["data", "data", "closed", "finished"]);
});

Deno.test("a server carries the client's end through a tunnel first", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(`${UPGRADE}early`));
  server.end();
  server.sendHeaders(ONE, SWITCH, false);
  const events = told.take().slice(1);
  assert.deepEqual(events, [["data", 1, 5, false], ["data", 1, 0, true]]);
  server.sendData(ONE, octetsOf("x"), true);
  assert.deepEqual(names(told.take()), ["closed", "finished"]);
});

Deno.test("a server that declines an upgrade goes on with HTTP", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(UPGRADE + get("")));
  server.sendHeaders(ONE, OK, true);
  assert.deepEqual(names(told.take()), ["headers", "closed", "headers"]);
});

Deno.test("a server wants a reset for a tunnel that breaks", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(UPGRADE));
  server.sendHeaders(ONE, SWITCH, false);
  server.reset(ONE);
  assert.deepEqual(told.take().at(-1), ["finished", "abort", undefined]);
});

Deno.test("a server opens a tunnel by 2xx to CONNECT", () => {
  const { server, told } = newServer({ connect: true });
  server.receive(octetsOf("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nabc"));
  server.sendHeaders(ONE, OK, false);
  assert.equal(outputOf(server), "HTTP/1.1 200 OK\r\n\r\n");
  assert.equal(told.bodies.get(1), "abc");
});

Deno.test("drain() of an idle server ends it", () => {
  const { server, told } = newServer();
  server.drain();
  assert.deepEqual(told.take(), [["finished", "close", undefined]]);
});

Deno.test("drain() of a server lets the exchange end and takes no other", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(get("").repeat(2)));
  server.drain();
  assert.equal(server.state, "draining");
  server.sendHeaders(ONE, OK, true);
  assert.match(outputOf(server), /connection: close/);
  assert.deepEqual(names(told.take()), ["headers", "closed", "finished"]);
});

const ends: [string, string, number | undefined][] = [
  ["before a request", "", undefined],
  ["behind an empty line", "\r\n", undefined],
  ["in a request line", "GET /", 400],
  ["in a head", "GET / HTTP/1.1\r\nHost: a\r\n", 400],
  ["in a body", post("Content-Length: 2\r\n", "a"), 400],
  ["in a chunk", post("Transfer-Encoding: chunked\r\n", "2\r\na"), 400],
];
for (const [where, octets, status] of ends) {
  Deno.test(`a server tells an end ${where}`, () => {
    const { server, told } = newServer();
    server.receive(octetsOf(octets));
    assert.equal(server.end()?.status, status);
    assert.equal(server.state, "closed");
    assert.equal(outputOf(server).startsWith("HTTP/1.1 400"), status === 400);
    const reset = told.take().find(([name]) => name === "reset");
    const body = octets.startsWith("POST");
    assert.deepEqual(reset, body ? ["reset", 1, "truncated"] : undefined);
  });
}

Deno.test("a server answers what came before the client's end", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(get("").repeat(2)));
  server.end();
  server.sendHeaders(ONE, OK, true);
  assert.deepEqual(names(told.take()), ["headers", "closed", "headers"]);
  server.sendHeaders(TWO, OK, true);
  assert.match(outputOf(server), /connection: close\r\n\r\n$/);
  assert.deepEqual(names(told.take()), ["closed", "finished"]);
});

Deno.test("a server does not answer twice when a body breaks behind its answer", () => {
  const { server } = newServer();
  server.receive(octetsOf(post("Transfer-Encoding: chunked\r\n", "")));
  server.sendHeaders(ONE, OK, false);
  outputOf(server);
  assert.equal(server.receive(octetsOf("x"))?.status, 400);
  assert.equal(outputOf(server), "");
});

Deno.test("terminate() of a server loses the exchange and says no more", () => {
  const { server, told } = newServer();
  server.receive(octetsOf(get("")));
  server.terminate();
  assert.deepEqual(names(told.take()), ["headers", "reset", "closed"]);
  assert.equal(server.sendHeaders(ONE, OK, true)?.found, "exchange is gone");
  assert.equal(server.sendData(ONE, octetsOf("a"), true), 0);
  assert.equal(server.outputLength, 0);
});

Deno.test("a handler may reset the exchange it is told of", () => {
  const { server, told } = newServer();
  told.react = ([name]) => {
    if (name === "data") server.reset(ONE);
  };
  const two = post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n1\r\nb\r\n");
  assert.equal(server.receive(octetsOf(two)), undefined);
  assert.deepEqual(names(told.take()), [
    "headers",
    "data",
    "closed",
    "finished",
  ]);
});
