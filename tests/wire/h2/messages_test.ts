import assert from "node:assert/strict";
import {
  checkTrailers,
  readRequest,
  readResponse,
} from "../../../src/wire/h2/messages.ts";
import { H2Error, type HeaderList } from "../../../src/wire/h2/mod.ts";
import { CONNECT, GET, OK, POST } from "./support.ts";

const without = (name: string) => GET.filter(([n]) => n !== name);
const path = (value: string): HeaderList => [
  ...without(":path"),
  [":path", value],
];

const goodRequests: [name: string, fields: HeaderList][] = [
  ["GET", GET],
  ["CONNECT", CONNECT],
  ["host instead of authority", [...without(":authority"), ["host", "a"]]],
  ["host equal but for case and port", [...GET, ["host", "Web.TEST:443"]]],
  ["te: trailers", [...GET, ["te", "trailers"]]],
  ["OPTIONS *", [
    [":method", "OPTIONS"],
    [":scheme", "http"],
    [":authority", "a"],
    [":path", "*"],
  ]],
  ["another scheme without authority", [
    [":method", "GET"],
    [":scheme", "urn"],
    [":path", "a:b"],
  ]],
  ["octets above 127 in a value", [...GET, ["x", "caf\u00e9"]]],
  ["an empty value", [...GET, ["x", ""]]],
  ["equal repeated content-length", [
    ...POST,
    ["content-length", "3, 3"],
    ["content-length", "3"],
  ]],
];
for (const [name, fields] of goodRequests) {
  Deno.test(`readRequest() accepts ${name}`, () => {
    assert.equal(readRequest(fields).method, fields[0]![1]);
  });
}

const badRequests: [name: string, fields: HeaderList][] = [
  ["no fields", []],
  ["no method", GET.slice(1)],
  ["an empty method", [[":method", ""], ...GET.slice(1)]],
  ["a method with a blank", [[":method", "G T"], ...GET.slice(1)]],
  ["no scheme", without(":scheme")],
  ["a scheme that is none", [...without(":scheme"), [":scheme", "ht tp"]]],
  ["no path", without(":path")],
  ["an empty path", path("")],
  ["a path without a slash", path("index")],
  ["an asterisk but for OPTIONS", path("*")],
  ["no authority", without(":authority")],
  ["an empty authority", [...without(":authority"), [":authority", ""]]],
  ["user information", [...without(":authority"), [":authority", "a@b"]]],
  ["a host that differs", [...GET, ["host", "other"]]],
  ["two hosts", [...GET, ["host", "web.test"], ["host", "web.test"]]],
  ["a pseudo-header field twice", [...GET, [":path", "/"]]],
  ["an unknown pseudo-header field", [...GET, [":protocol", "websocket"]]],
  [":status", [...GET, [":status", "200"]]],
  ["a pseudo-header field after others", [
    ...without(":path"),
    ["x", "1"],
    [":path", "/"],
  ]],
  ["an upper-case name", [...GET, ["X-A", "1"]]],
  ["an empty name", [...GET, ["", "1"]]],
  ["a name with a blank", [...GET, ["x a", "1"]]],
  ["a name with a colon", [...GET, ["x:a", "1"]]],
  ["a name above 127", [...GET, ["x\u00e9", "1"]]],
  ["NUL in a value", [...GET, ["x", "a\0b"]]],
  ["LF in a value", [...GET, ["x", "a\nb"]]],
  ["CR in a value", [...GET, ["x", "a\rb"]]],
  ["CR in the path", path("/\r")],
  ["a blank before a value", [...GET, ["x", " a"]]],
  ["a tab after a value", [...GET, ["x", "a\t"]]],
  ["connection", [...GET, ["connection", "close"]]],
  ["transfer-encoding", [...POST, ["transfer-encoding", "chunked"]]],
  ["upgrade", [...GET, ["upgrade", "h2c"]]],
  ["keep-alive", [...GET, ["keep-alive", "1"]]],
  ["proxy-connection", [...GET, ["proxy-connection", "close"]]],
  ["te but trailers", [...GET, ["te", "gzip"]]],
  ["content-length that is none", [...POST, ["content-length", "+3"]]],
  ["an empty content-length", [...POST, ["content-length", ""]]],
  ["content-length beyond counting", [
    ...POST,
    ["content-length", "9".repeat(16)],
  ]],
  ["two content-lengths in one", [...POST, ["content-length", "3, 4"]]],
  ["two content-lengths", [
    ...POST,
    ["content-length", "3"],
    ["content-length", "4"],
  ]],
  ["CONNECT without authority", [[":method", "CONNECT"]]],
  ["CONNECT with an empty authority", [
    [":method", "CONNECT"],
    [":authority", ""],
  ]],
  ["CONNECT with a path", [...CONNECT, [":path", "/"]]],
  ["CONNECT with a scheme", [...CONNECT, [":scheme", "https"]]],
];
for (const [name, fields] of badRequests) {
  Deno.test(`readRequest() refuses ${name}`, () => {
    assert.throws(() => readRequest(fields), isMalformed);
  });
}

const extended = (protocol: string, ...more: HeaderList): HeaderList => [
  [":method", "CONNECT"],
  [":protocol", protocol],
  ...GET.slice(1),
  ...more,
];

Deno.test("readRequest() takes a CONNECT that names a protocol for a tunnel", () => {
  const fields = extended("websocket", ["content-length", "3"]);
  assert.deepEqual(readRequest(fields, true), {
    method: "CONNECT",
    contentLength: undefined,
    tunnel: true,
  });
});

const badExtended: [name: string, fields: HeaderList][] = [
  ["a protocol but for CONNECT", [[":protocol", "websocket"], ...GET]],
  ["an empty protocol", extended("")],
  ["a protocol with a blank", extended("web socket")],
  ["two protocols", [[":protocol", "websocket"], ...extended("websocket")]],
  ["a protocol without a path", extended("websocket").slice(0, -1)],
  ["a protocol without a scheme", [
    ...extended("websocket").slice(0, 2),
    ...GET.slice(2),
  ]],
  ["a protocol without an authority", [
    ...extended("websocket").slice(0, 3),
    [":path", "/"],
  ]],
  ["a protocol with a path without a slash", [
    ...extended("websocket").slice(0, -1),
    [":path", "*"],
  ]],
  ["a plain CONNECT with a path", [...CONNECT, [":path", "/"]]],
];
for (const [name, fields] of badExtended) {
  Deno.test(`readRequest() refuses ${name}, where protocols may be named`, () => {
    assert.throws(() => readRequest(fields, true), isMalformed);
  });
}

Deno.test("readRequest() refuses a protocol where none may be named", () => {
  assert.throws(() => readRequest(extended("websocket")), isMalformed);
});

const length = (value: string): HeaderList => [
  ...OK,
  ["content-length", value],
];
const goodResponses: [
  name: string,
  method: string,
  fields: HeaderList,
  facts: ReturnType<typeof readResponse>,
][] = [
  ["200", "GET", length("7"), facts(false, 7, false)],
  ["200 without length", "GET", OK, facts(false, undefined, false)],
  ["103", "GET", [[":status", "103"]], facts(true, undefined, false)],
  ["an answer to HEAD", "HEAD", length("7"), facts(false, 0, false)],
  [
    "304",
    "GET",
    [[":status", "304"], ["content-length", "7"]],
    facts(false, 0, false),
  ],
  ["204", "GET", [[":status", "204"]], facts(false, 0, false)],
  ["a tunnel", "CONNECT", length("7"), facts(false, undefined, true)],
  [
    "a refused tunnel",
    "CONNECT",
    [[":status", "503"], ["content-length", "4"]],
    facts(false, 4, false),
  ],
];
for (const [name, method, fields, expected] of goodResponses) {
  Deno.test(`readResponse() accepts ${name}`, () => {
    assert.deepEqual(readResponse(fields, method), expected);
  });
}

function facts(
  informational: boolean,
  contentLength: number | undefined,
  tunnel: boolean,
) {
  return { informational, contentLength, tunnel };
}

const badResponses: [name: string, fields: HeaderList][] = [
  ["no status", [["x", "1"]]],
  ["two statuses", [...OK, ...OK]],
  ["a status of two digits", [[":status", "20"]]],
  ["a status with a reason", [[":status", "200 OK"]]],
  ["status 099", [[":status", "099"]]],
  ["status 101", [[":status", "101"]]],
  ["a request's field", [...OK, [":path", "/"]]],
];
for (const [name, fields] of badResponses) {
  Deno.test(`readResponse() refuses ${name}`, () => {
    assert.throws(() => readResponse(fields, "GET"), isMalformed);
  });
}

Deno.test("checkTrailers() refuses any pseudo-header field", () => {
  checkTrailers([["grpc-status", "0"]]);
  assert.throws(() => checkTrailers(OK), isMalformed);
});

function isMalformed(error: unknown): boolean {
  return error instanceof H2Error && error.level === "stream" &&
    error.h2Code === 1 && error.found.startsWith("malformed message: ");
}
