import assert from "node:assert/strict";
import fc from "fast-check";
import type { HeaderList } from "../../../src/model/http.ts";
import {
  callHeaders,
  frameMessage,
  GrpcError,
  messageOfAnswer,
} from "../../../src/wire/grpc/mod.ts";

const HEADERS: HeaderList = [
  [":status", "200"],
  ["content-type", "application/grpc+proto"],
];
const GOOD: HeaderList = [["grpc-status", "0"]];
const MESSAGE = Uint8Array.of(1, 2, 3);

const timeouts: [timeoutMs: number, text: string][] = [
  [250, "250m"],
  [0.4, "1m"],
  [600_000, "600000m"],
  [99_999_999, "99999999m"],
  [100_000_000, "100000S"],
  [1e15, "99999999S"],
];
for (const [timeoutMs, text] of timeouts) {
  Deno.test(`callHeaders() tells ${timeoutMs} ms as ${text}`, () => {
    const list = callHeaders({ path: "/a.B/C", authority: "b:1", timeoutMs });
    assert.equal(
      new Map(list.map(([k, v]) => [k, v])).get("grpc-timeout"),
      text,
    );
  });
}

Deno.test("callHeaders() asks for trailers, by POST", () => {
  const call = { path: "/a.B/C", authority: "b:1", timeoutMs: 1 };
  assert.deepEqual(callHeaders(call).slice(0, 6), [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", "/a.B/C"],
    [":authority", "b:1"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ]);
});

Deno.test("frameMessage() puts a flag and the length before the message", () => {
  assert.deepEqual(
    frameMessage(MESSAGE),
    Uint8Array.of(0, 0, 0, 0, 3, 1, 2, 3),
  );
});

Deno.test("messageOfAnswer() reads what frameMessage() writes, wherever it lies", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.nat(8), (message, before) => {
    const framed = frameMessage(message);
    const whole = new Uint8Array(before + framed.length);
    whole.set(framed, before);
    const body = whole.subarray(before);
    assert.deepEqual(
      messageOfAnswer({ headers: HEADERS, body, trailers: GOOD }),
      message,
    );
  }));
});

const failed: [name: string, answer: {
  headers?: HeaderList;
  body?: Uint8Array;
  trailers?: HeaderList;
}, message: string][] = [
  ["another HTTP status", { headers: [[":status", "503"]] }, "HTTP status 503"],
  [
    "a page",
    { headers: [[":status", "200"], ["content-type", "text/html"]] },
    "it is not gRPC",
  ],
  [
    "gRPC-Web",
    { headers: [[":status", "200"], ["content-type", "application/grpc-web"]] },
    "it is not gRPC",
  ],
  [
    "trailers without status",
    { trailers: [["a", "b"]] },
    "it has no grpc-status",
  ],
  ["no trailers", { trailers: [] }, "it has no grpc-status"],
  [
    "a status that is no number",
    { trailers: [["grpc-status", "ok"]] },
    "it has no grpc-status",
  ],
  [
    "a failure",
    { trailers: [["grpc-status", "16"], ["grpc-message", "who%20are%0Ayou?"]] },
    "status 16, who are you?",
  ],
  [
    "a failure in headers alone",
    { headers: [...HEADERS, ["grpc-status", "14"]], trailers: [] },
    "status 14",
  ],
  [
    "a text that is badly encoded",
    { trailers: [["grpc-status", "2"], ["grpc-message", "50%"]] },
    "status 2, 50%",
  ],
  ["no message", { body: new Uint8Array() }, "it has no message"],
  [
    "a compressed message",
    { body: Uint8Array.of(1, 0, 0, 0, 0) },
    "its message is compressed",
  ],
  [
    "half a message",
    { body: frameMessage(MESSAGE).subarray(0, 7) },
    "it is not one whole message",
  ],
  [
    "two messages",
    { body: Uint8Array.of(...frameMessage(MESSAGE), 0, 0, 0, 0, 0) },
    "it is not one whole message",
  ],
];
for (const [name, answer, message] of failed) {
  Deno.test(`messageOfAnswer() refuses ${name}`, () => {
    const whole = {
      headers: HEADERS,
      body: frameMessage(MESSAGE),
      trailers: GOOD,
      ...answer,
    };
    assert.throws(() => messageOfAnswer(whole), (error: unknown) => {
      assert.ok(error instanceof GrpcError);
      assert.equal(
        error.message,
        `Cannot use the answer of a gRPC call: ${message}`,
      );
      return true;
    });
  });
}
