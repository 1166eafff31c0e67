import assert from "node:assert/strict";

import { H2Code, type HeaderList, PREFACE } from "../../../src/wire/h2/mod.ts";
import {
  CONNECT,
  Endpoint,
  frame,
  GET,
  goAwayCode,
  join,
  OK,
  POST,
  resetsOf,
  uint32,
} from "./support.ts";
import {
  ACK,
  block,
  client,
  type Code,
  DATA,
  END,
  END_HEADERS,
  GOAWAY,
  HEADERS,
  headers,
  many,
  one,
  open,
  PADDED,
  PING,
  PRIORITIZED,
  PRIORITY,
  RST_STREAM,
  server,
  setting,
  SETTINGS,
  WINDOW_UPDATE,
} from "./hostile_support.ts";

const badPrefaces: [name: string, who: "client" | "server", Uint8Array][] = [
  ["HTTP/1", "server", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
  ["no SETTINGS", "server", join([PREFACE, headers(1, GET)])],
  ["SETTINGS ACK first", "server", join([PREFACE, frame(SETTINGS, ACK, 0)])],
  ["no SETTINGS of a server", "client", headers(1, OK)],
];
for (const [name, role, octets] of badPrefaces) {
  Deno.test(`receive() refuses a preface with ${name}`, () => {
    const endpoint = new Endpoint(role);
    const error = endpoint.connection.receive(octets);
    assert.equal(error?.h2Code, H2Code.PROTOCOL_ERROR);
    assert.equal(
      goAwayCode(endpoint.takeOctets()),
      H2Code.PROTOCOL_ERROR,
    );
  });
}

const upload = (length: string): HeaderList => [
  ...POST,
  ["content-length", length],
];
const badStreams: [name: string, code: Code, Uint8Array[]][] = [
  ["a stream window exceeded", "FLOW_CONTROL_ERROR", [
    open,
    many(4, frame(DATA, 0, 1, new Uint8Array(2 ** 20))),
    frame(DATA, 0, 1, [1]),
  ]],
  ["WINDOW_UPDATE of 0", "PROTOCOL_ERROR", [
    open,
    frame(WINDOW_UPDATE, 0, 1, uint32(0)),
  ]],
  ["WINDOW_UPDATE above 2^31-1", "FLOW_CONTROL_ERROR", [
    open,
    frame(WINDOW_UPDATE, 0, 1, uint32(2 ** 31 - 1)),
  ]],
  ["DATA after the end", "STREAM_CLOSED", [
    headers(1, GET),
    frame(DATA, 0, 1, [1]),
  ]],
  ["HEADERS after the end", "STREAM_CLOSED", [
    headers(1, GET),
    headers(1, [["x", "1"]]),
  ]],
  ["trailers that do not end it", "PROTOCOL_ERROR", [
    open,
    headers(1, [["x", "1"]], END_HEADERS),
  ]],
  ["trailers with a pseudo-header field", "PROTOCOL_ERROR", [
    open,
    headers(1, [[":path", "/"]]),
  ]],
  ["trailers in a tunnel", "PROTOCOL_ERROR", [
    headers(1, CONNECT, END_HEADERS),
    headers(1, [["x", "1"]]),
  ]],
  ["less DATA than announced", "PROTOCOL_ERROR", [
    headers(1, upload("3"), END_HEADERS),
    frame(DATA, END, 1, [1, 2]),
  ]],
  ["more DATA than announced", "PROTOCOL_ERROR", [
    headers(1, upload("3"), END_HEADERS),
    frame(DATA, 0, 1, [1, 2, 3, 4]),
  ]],
  ["announced DATA missing at trailers", "PROTOCOL_ERROR", [
    headers(1, upload("3"), END_HEADERS),
    headers(1, [["x", "1"]]),
  ]],
  ["announced DATA missing altogether", "PROTOCOL_ERROR", [
    headers(1, upload("3")),
  ]],
];
for (const [name, code, octets] of badStreams) {
  Deno.test(`receive() resets only the stream for ${name}`, () => {
    const endpoint = server();
    const error = endpoint.connection.receive(join(octets));
    assert.equal(error, undefined);
    assert.deepEqual(resetsOf(endpoint.takeOctets()), [[1, H2Code[code]]]);
    endpoint.takeEvents();
    // Whatever is still on its way to it is dropped in silence.
    assert.equal(
      endpoint.connection.receive(join([
        frame(DATA, 0, 1, [1]),
        headers(1, [["x", "1"]]),
        frame(WINDOW_UPDATE, 0, 1, uint32(1)),
        frame(RST_STREAM, 0, 1, uint32(8)),
        headers(3, GET),
      ])),
      undefined,
    );
    assert.deepEqual(endpoint.takeEvents(), [
      ["headers", 3, GET, "request", true],
    ]);
    assert.deepEqual(resetsOf(endpoint.takeOctets()), []);
    assert.equal(endpoint.connection.openStreams, 1);
  });
}

Deno.test("receive() answers DATA for a stream closed before with STREAM_CLOSED", () => {
  const endpoint = server();
  endpoint.connection.receive(join([
    open,
    frame(RST_STREAM, 0, 1, uint32(8)),
    frame(DATA, 0, 1, [1]),
  ]));
  assert.deepEqual(resetsOf(endpoint.takeOctets()), [[
    1,
    H2Code.STREAM_CLOSED,
  ]]);
});

Deno.test("receive() ignores PRIORITY, unknown frames, flags and settings", () => {
  const endpoint = server();
  const error = endpoint.connection.receive(join([
    frame(PRIORITY, 0, 9, new Uint8Array(5)),
    frame(0xee, 0xff, 7, new Uint8Array(70_000)),
    setting(0xf0, 12),
    frame(HEADERS, END | END_HEADERS | PRIORITIZED | PADDED | 0x40, 1, [
      ...[3, 0, 0, 0, 1, 16],
      ...block(GET),
      ...[0, 0, 0],
    ]),
    frame(PING, 0x80, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
  ]));
  assert.equal(error, undefined);
  assert.deepEqual(endpoint.takeEvents(), [
    ["headers", 1, GET, "request", true],
  ]);
});

Deno.test("receive() regains flood budgets with time", () => {
  const endpoint = server();
  const ping = frame(PING, 0, 0, new Uint8Array(8));
  for (let second = 0; second < 50; second++) {
    endpoint.clock += 1000;
    const error = endpoint.connection.receive(many(100, ping));
    assert.equal(error, undefined);
    endpoint.takeOctets();
  }
});

const late = frame(RST_STREAM, 0, 1, uint32(H2Code.CANCEL));
const odd = (at: number) => 2 * at + 1;

Deno.test("receive() takes a late reset of every stream that ended, at any rate", () => {
  const endpoint = server();
  for (let at = 0; at < 10_000; at++) {
    const id = odd(at) as typeof one;
    endpoint.connection.receive(headers(id, GET));
    endpoint.connection.sendHeaders(id, OK, true);
    const reset = frame(RST_STREAM, 0, id, uint32(H2Code.CANCEL));
    assert.equal(endpoint.connection.receive(reset), undefined, `stream ${id}`);
    endpoint.takeOctets();
  }
});

Deno.test("receive() refuses late resets without end", () => {
  const endpoint = server();
  endpoint.connection.receive(headers(1, GET));
  endpoint.connection.sendHeaders(one, OK, true);
  const error = endpoint.connection.receive(many(2_000, late));
  assert.equal(error?.h2Code, H2Code.ENHANCE_YOUR_CALM);
});

Deno.test("receive() of a client takes a late answer to every stream that it reset", () => {
  const endpoint = client();
  for (let at = 1; at < 5_000; at++) {
    const id = endpoint.connection.openStream(GET, true);
    assert.ok(id !== undefined);
    endpoint.connection.reset(id, H2Code.CANCEL);
    const error = endpoint.connection.receive(headers(id, OK));
    assert.equal(error, undefined, `stream ${id}`);
    endpoint.takeOctets();
  }
});

Deno.test("receive() of a client refuses more informational responses than allowed", () => {
  const endpoint = client();
  const early = headers(1, [[":status", "103"]], END_HEADERS);
  endpoint.connection.receive(many(17, early));
  const events = endpoint.takeEvents();
  assert.equal(events.length, 16 + 2);
  assert.deepEqual(events[16], ["reset", 1, H2Code.ENHANCE_YOUR_CALM]);
});

Deno.test("receive() of a client resets a stream with too large a header list", () => {
  const endpoint = client();
  const large: HeaderList = [...OK, ["x", "v".repeat(16_384)]];
  endpoint.connection.receive(headers(1, large));
  assert.deepEqual(endpoint.takeEvents(), [
    ["reset", 1, H2Code.ENHANCE_YOUR_CALM],
    ["closed", 1],
  ]);
});

Deno.test("receive() keeps only the start of long GOAWAY debug data", () => {
  const endpoint = client();
  const payload = new Uint8Array(8 + 5_000).fill(0x61, 8);
  payload.set(uint32(1));
  endpoint.connection.receive(
    join([frame(GOAWAY, 0, 0, payload), headers(1, OK)]),
  );
  assert.deepEqual(endpoint.takeEvents(), [
    ["goaway", 1, 0, "a".repeat(1_024)],
    ["headers", 1, OK, "response", true],
    ["closed", 1],
    ["finished"],
  ]);
});

Deno.test("a handler that terminates the connection hears nothing more", () => {
  const endpoint = server();
  endpoint.react = ([name]) => {
    if (name === "headers") endpoint.connection.terminate();
  };
  const both = join([headers(1, GET), headers(3, GET)]);
  assert.equal(endpoint.connection.receive(both), undefined);
  const names = endpoint.takeEvents().map(([name]) => name);
  assert.deepEqual(names, ["reset", "closed", "headers"]);
  assert.deepEqual(endpoint.connection.sendHeaders(one, OK, true), false);
});
