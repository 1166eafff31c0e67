import assert from "node:assert/strict";

import { H2Code } from "../../../src/wire/h2/mod.ts";
import {
  Endpoint,
  frame,
  GET,
  goAwayCode,
  join,
  OK,
  POST,
  uint32,
} from "./support.ts";
import {
  ACK,
  block,
  client,
  type Code,
  CONTINUATION,
  DATA,
  END_HEADERS,
  GOAWAY,
  HEADERS,
  headers,
  many,
  open,
  PADDED,
  PING,
  PRIORITIZED,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  server,
  setting,
  SETTINGS,
  WINDOW_UPDATE,
} from "./hostile_support.ts";

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
  ["ENABLE_CONNECT_PROTOCOL 2", client, "PROTOCOL_ERROR", [setting(8, 2)]],
  ["ENABLE_CONNECT_PROTOCOL taken back", client, "PROTOCOL_ERROR", [
    setting(8, 1),
    setting(8, 0),
  ]],
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
    // The stream that it ends earns it some more.
    many(1_010, frame(GOAWAY, 0, 0, new Uint8Array(8))),
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
