import assert from "node:assert/strict";
import { HpackEncoder } from "../../../src/wire/hpack/mod.ts";
import {
  H2Code,
  type HeaderList,
  PREFACE,
  type StreamId,
} from "../../../src/wire/h2/mod.ts";
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

const DATA = 0, HEADERS = 1, PRIORITY = 2, RST_STREAM = 3, SETTINGS = 4;
const PUSH_PROMISE = 5, PING = 6, GOAWAY = 7, WINDOW_UPDATE = 8;
const CONTINUATION = 9;
const END = 1, ACK = 1, END_HEADERS = 4, PADDED = 8, PRIORITIZED = 32;
const one = 1 as StreamId;

/** A block that uses no table, so that any decoder reads it. */
function block(fields: HeaderList): Uint8Array {
  const encoder = new HpackEncoder({ indexing: () => "without" });
  const octets = new Uint8Array(encoder.lengthMax(fields));
  return octets.slice(0, encoder.encode(fields, octets, 0));
}

function headers(
  stream: number,
  fields: HeaderList,
  flags = END | END_HEADERS,
): Uint8Array {
  return frame(HEADERS, flags, stream, block(fields));
}

/** A server that has read the preface and an empty SETTINGS. */
function server(): Endpoint {
  const endpoint = new Endpoint("server");
  endpoint.connection.receive(join([PREFACE, frame(SETTINGS, 0, 0)]));
  endpoint.takeOctets();
  endpoint.takeEvents();
  return endpoint;
}

/** A client that has read SETTINGS and opened stream 1, a GET. */
function client(): Endpoint {
  const endpoint = new Endpoint("client");
  endpoint.connection.receive(frame(SETTINGS, 0, 0));
  endpoint.connection.openStream(GET, true);
  endpoint.takeOctets();
  endpoint.takeEvents();
  return endpoint;
}

type Code = keyof typeof H2Code;
const many = (count: number, octets: Uint8Array) =>
  join(new Array(count).fill(octets));
const setting = (id: number, value: number) =>
  frame(SETTINGS, 0, 0, [0, id, ...uint32(value)]);
const open = headers(1, POST, END_HEADERS);

const lost: [name: string, who: () => Endpoint, code: Code, Uint8Array[]][] = [
  ["a frame above our limit", server, "FRAME_SIZE_ERROR", [
    Uint8Array.of(0x10, 0, 1, 0x77, 0, 0, 0, 0, 0),
  ]],
  ["DATA on stream 0", server, "PROTOCOL_ERROR", [frame(DATA, 0, 0)]],
  ["DATA on an idle stream", server, "PROTOCOL_ERROR", [frame(DATA, 0, 1)]],
  ["padding longer than DATA", server, "PROTOCOL_ERROR", [
    open,
    frame(DATA, PADDED, 1, [2, 0]),
  ]],
  ["padded DATA without a length", server, "FRAME_SIZE_ERROR", [
    open,
    frame(DATA, PADDED, 1),
  ]],
  ["padding longer than HEADERS", server, "PROTOCOL_ERROR", [
    frame(HEADERS, PADDED | END_HEADERS, 1, [9, 0x82]),
  ]],
  ["HEADERS too short for its priority", server, "PROTOCOL_ERROR", [
    frame(HEADERS, PRIORITIZED | END_HEADERS, 1, [0, 0, 0]),
  ]],
  ["HEADERS on stream 0", server, "PROTOCOL_ERROR", [headers(0, GET)]],
  ["HEADERS on an even stream", server, "PROTOCOL_ERROR", [headers(2, GET)]],
  ["HEADERS on a stream skipped before", server, "STREAM_CLOSED", [
    headers(5, GET),
    headers(3, GET),
  ]],
  ["HEADERS on a stream the peer has reset", server, "STREAM_CLOSED", [
    open,
    frame(RST_STREAM, 0, 1, uint32(8)),
    headers(1, GET),
  ]],
  ["a response on an idle stream", client, "PROTOCOL_ERROR", [headers(3, OK)]],
  ["a response on an even stream", client, "PROTOCOL_ERROR", [headers(2, OK)]],
  ["a block that is not HPACK", server, "COMPRESSION_ERROR", [
    frame(HEADERS, END_HEADERS, 1, [0x80]),
  ]],
  ["CONTINUATION without HEADERS", server, "PROTOCOL_ERROR", [
    frame(CONTINUATION, END_HEADERS, 1),
  ]],
  ["CONTINUATION after a complete block", server, "PROTOCOL_ERROR", [
    open,
    frame(CONTINUATION, END_HEADERS, 1),
  ]],
  ["CONTINUATION of another stream", server, "PROTOCOL_ERROR", [
    headers(1, GET, 0),
    frame(CONTINUATION, END_HEADERS, 3),
  ]],
  ["a frame inside a header block", server, "PROTOCOL_ERROR", [
    headers(1, GET, 0),
    frame(PING, 0, 0, new Uint8Array(8)),
  ]],
  ["an unknown frame inside a header block", server, "PROTOCOL_ERROR", [
    headers(1, GET, 0),
    frame(0x42, 0, 1),
  ]],
  ["DATA inside a header block", server, "PROTOCOL_ERROR", [
    headers(1, GET, 0),
    frame(DATA, 0, 1),
  ]],
  ["PRIORITY of a wrong length", server, "FRAME_SIZE_ERROR", [
    frame(PRIORITY, 0, 1, [0]),
  ]],
  ["PRIORITY on stream 0", server, "PROTOCOL_ERROR", [
    frame(PRIORITY, 0, 0, [0, 0, 0, 0, 0]),
  ]],
  ["RST_STREAM of a wrong length", server, "FRAME_SIZE_ERROR", [
    frame(RST_STREAM, 0, 1, [0]),
  ]],
  ["RST_STREAM on stream 0", server, "PROTOCOL_ERROR", [
    frame(RST_STREAM, 0, 0, uint32(0)),
  ]],
  ["RST_STREAM on an idle stream", server, "PROTOCOL_ERROR", [
    frame(RST_STREAM, 0, 1, uint32(0)),
  ]],
  ["SETTINGS on a stream", server, "PROTOCOL_ERROR", [frame(SETTINGS, 0, 1)]],
  ["SETTINGS of a wrong length", server, "FRAME_SIZE_ERROR", [
    frame(SETTINGS, 0, 0, [0]),
  ]],
  ["SETTINGS ACK with a payload", server, "FRAME_SIZE_ERROR", [
    frame(SETTINGS, ACK, 0, [0, 1, 0, 0, 0, 0]),
  ]],
  ["ENABLE_PUSH 2", server, "PROTOCOL_ERROR", [setting(2, 2)]],
  ["a server's ENABLE_PUSH 1", client, "PROTOCOL_ERROR", [setting(2, 1)]],
  ["INITIAL_WINDOW_SIZE 2^31", server, "FLOW_CONTROL_ERROR", [
    setting(4, 2 ** 31),
  ]],
  ["MAX_FRAME_SIZE 16383", server, "PROTOCOL_ERROR", [setting(5, 16_383)]],
  ["MAX_FRAME_SIZE 2^24", server, "PROTOCOL_ERROR", [setting(5, 2 ** 24)]],
  [
    "INITIAL_WINDOW_SIZE that lifts a stream too far",
    server,
    "FLOW_CONTROL_ERROR",
    [
      open,
      frame(WINDOW_UPDATE, 0, 1, uint32(2 ** 31 - 1 - 65_535)),
      setting(4, 65_536),
    ],
  ],
  ["SETTINGS with too many entries", server, "ENHANCE_YOUR_CALM", [
    frame(SETTINGS, 0, 0, new Uint8Array(65 * 6)),
  ]],
  ["PUSH_PROMISE from a client", server, "PROTOCOL_ERROR", [
    frame(PUSH_PROMISE, END_HEADERS, 1, uint32(2)),
  ]],
  ["PUSH_PROMISE from a server", client, "PROTOCOL_ERROR", [
    frame(PUSH_PROMISE, END_HEADERS, 1, [...uint32(2), ...block(GET)]),
  ]],
  ["PING of a wrong length", server, "FRAME_SIZE_ERROR", [
    frame(PING, 0, 0, [1]),
  ]],
  ["PING on a stream", server, "PROTOCOL_ERROR", [
    frame(PING, 0, 1, new Uint8Array(8)),
  ]],
  ["GOAWAY on a stream", server, "PROTOCOL_ERROR", [
    frame(GOAWAY, 0, 1, new Uint8Array(8)),
  ]],
  ["GOAWAY cut short", server, "FRAME_SIZE_ERROR", [
    frame(GOAWAY, 0, 0, uint32(0)),
  ]],
  ["WINDOW_UPDATE of a wrong length", server, "FRAME_SIZE_ERROR", [
    frame(WINDOW_UPDATE, 0, 0, [1]),
  ]],
  ["WINDOW_UPDATE of 0 for the connection", server, "PROTOCOL_ERROR", [
    frame(WINDOW_UPDATE, 0, 0, uint32(0)),
  ]],
  [
    "WINDOW_UPDATE above 2^31-1 for the connection",
    server,
    "FLOW_CONTROL_ERROR",
    [
      frame(WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1)),
    ],
  ],
  ["WINDOW_UPDATE on an idle stream", server, "PROTOCOL_ERROR", [
    frame(WINDOW_UPDATE, 0, 1, uint32(1)),
  ]],
  ["more DATA than the connection's window", server, "FLOW_CONTROL_ERROR", [
    ...[1, 3, 5, 7, 9].map((id) => headers(id, POST, END_HEADERS)),
    ...[1, 3, 5, 7].map((id) =>
      many(4, frame(DATA, 0, id, new Uint8Array(2 ** 20)))
    ),
    frame(DATA, 0, 9, [1]),
  ]],
  ["a header block of too many frames", server, "ENHANCE_YOUR_CALM", [
    headers(1, GET, 0),
    many(17, frame(CONTINUATION, 0, 1)),
  ]],
  ["a header block of too many octets", server, "ENHANCE_YOUR_CALM", [
    headers(1, GET, 0),
    frame(CONTINUATION, 0, 1, new Uint8Array(128 * 1024)),
  ]],
  ["HEADERS of too many octets", server, "ENHANCE_YOUR_CALM", [
    frame(HEADERS, END_HEADERS, 1, new Uint8Array(128 * 1024 + 1)),
  ]],
  [
    "rapid reset",
    server,
    "ENHANCE_YOUR_CALM",
    times(1_001, (id) => [
      headers(id, GET),
      frame(RST_STREAM, 0, id, uint32(8)),
    ]),
  ],
  [
    "streams reset by their own mistakes",
    server,
    "ENHANCE_YOUR_CALM",
    times(
      1_001,
      (id) => [headers(id, GET), frame(WINDOW_UPDATE, 0, id, uint32(0))],
    ),
  ],
  [
    "malformed requests without end",
    server,
    "ENHANCE_YOUR_CALM",
    times(
      1_001,
      (id) => [headers(id, [[":method", "GET"]])],
    ),
  ],
  [
    "streams above the limit without end",
    server,
    "ENHANCE_YOUR_CALM",
    times(
      1_201,
      (id) => [headers(id, GET)],
    ),
  ],
  ["a flood of PING", server, "ENHANCE_YOUR_CALM", [
    many(1_001, frame(PING, 0, 0, new Uint8Array(8))),
  ]],
  ["a flood of PING ACK", server, "ENHANCE_YOUR_CALM", [
    many(1_001, frame(PING, ACK, 0, new Uint8Array(8))),
  ]],
  ["a flood of SETTINGS", server, "ENHANCE_YOUR_CALM", [
    many(101, frame(SETTINGS, 0, 0)),
  ]],
  ["a flood of empty DATA", server, "ENHANCE_YOUR_CALM", [
    open,
    many(1_001, frame(DATA, 0, 1)),
  ]],
  ["a flood of DATA that is all padding", server, "ENHANCE_YOUR_CALM", [
    open,
    many(1_001, frame(DATA, PADDED, 1, [1, 0])),
  ]],
  ["a flood of WINDOW_UPDATE", server, "ENHANCE_YOUR_CALM", [
    many(10_001, frame(WINDOW_UPDATE, 0, 0, uint32(1))),
  ]],
  ["a flood of PRIORITY", server, "ENHANCE_YOUR_CALM", [
    many(1_001, frame(PRIORITY, 0, 1, new Uint8Array(5))),
  ]],
  ["a flood of unknown frames", server, "ENHANCE_YOUR_CALM", [
    many(1_001, frame(0xfa, 0, 0)),
  ]],
  ["a flood of GOAWAY", client, "ENHANCE_YOUR_CALM", [
    many(1_001, frame(GOAWAY, 0, 0, new Uint8Array(8))),
  ]],
  ["PINGs between DATA, answers unread", server, "ENHANCE_YOUR_CALM", [
    open,
    many(
      8_193,
      join([frame(DATA, 0, 1, [1]), frame(PING, 0, 0, new Uint8Array(8))]),
    ),
  ]],
];

function times(
  count: number,
  each: (id: number) => Uint8Array[],
): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => join(each(2 * at + 1)));
}

for (const [name, who, code, octets] of lost) {
  Deno.test(`receive() closes the connection for ${name}`, () => {
    const endpoint = who();
    let error: ReturnType<typeof endpoint.connection.receive>;
    for (const piece of octets) {
      assert.equal(error, undefined, "an earlier frame was refused");
      error = endpoint.connection.receive(piece);
    }
    assert.equal(error?.h2Code, H2Code[code]);
    assert.equal(error?.level, "connection");
    assert.equal(goAwayCode(endpoint.takeOctets()), H2Code[code]);
    assert.equal(endpoint.connection.openStreams, 0);
    assert.equal(endpoint.connection.state, "closed");
    endpoint.takeEvents();
    assert.equal(endpoint.connection.receive(headers(99, GET)), error);
    assert.deepEqual(endpoint.takeEvents(), []);
    assert.equal(endpoint.connection.outputLength, 0);
  });
}

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
