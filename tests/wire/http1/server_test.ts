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

Deno.test("a server tells whether a head is on its way", () => {
  const { server } = newServer();
  const steps: [string, boolean][] = [
    ["\r\n", false],
    ["G", true],
    [get("").slice(1, -2), true],
    ["\r\n", false],
  ];
  assert.equal(server.readingHead, false);
  for (const [octets, reading] of steps) {
    server.receive(octetsOf(octets));
    assert.equal(server.readingHead, reading, JSON.stringify(octets));
  }
});
