import assert from "node:assert/strict";
import type { HeaderList } from "../../../src/wire/http1/mod.ts";
import {
  type Event,
  GET,
  HEAD,
  newClient,
  octetsOf,
  open,
  POST,
} from "./support.ts";

const ok = (fields: string, body = "", line = "HTTP/1.1 200 OK") =>
  `${line}\r\n${fields}\r\n${body}`;
const chunked = (body: string) => ok("Transfer-Encoding: chunked\r\n", body);
const upgrading: HeaderList = [...GET, ["upgrade", "websocket"]];

/** What a client told of an answer to `request`. */
function answer(octets: string, request = GET) {
  const { client, told } = newClient({ connect: true });
  open(client, request, true);
  client.takeOutput();
  const error = client.receive(octetsOf(octets));
  return { client, told, error };
}

const refused: (readonly [string, string, HeaderList?])[] = [
  [
    "content-length and transfer-encoding",
    ok("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  ],
  ["two content-lengths", ok("Content-Length: 1\r\nContent-Length: 2\r\n")],
  ["two equal content-lengths", ok("Content-Length: 1\r\n".repeat(2))],
  ["a list as content-length", ok("Content-Length: 1, 1\r\n")],
  ["a signed content-length", ok("Content-Length: +1\r\n")],
  ["a content-length above 2^53", ok(`Content-Length: 9${"0".repeat(15)}\r\n`)],
  ["another transfer-encoding", ok("Transfer-Encoding: gzip\r\n")],
  ["gzip and chunked", ok("Transfer-Encoding: gzip, chunked\r\n")],
  ["chunked and identity", ok("Transfer-Encoding: chunked, identity\r\n")],
  [
    "transfer-encoding in HTTP/1.0",
    ok("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "HTTP/1.0 200 OK"),
  ],
  [
    "transfer-encoding with 204",
    ok(
      "Transfer-Encoding: chunked\r\n",
      "0\r\n\r\n",
      "HTTP/1.1 204 No Content",
    ),
  ],
  ["a body with 204", ok("Content-Length: 1\r\n", "a", "HTTP/1.1 204 a")],
  ["a body with 103", ok("Content-Length: 1\r\n", "a", "HTTP/1.1 103 a")],
  ["a line feed as line end", "HTTP/1.1 200 OK\n\n"],
  ["an empty line in front", "\r\nHTTP/1.1 200 OK\r\n\r\n"],
  ["a space in front", " HTTP/1.1 200 OK\r\n\r\n"],
  ["a folded field", ok("X: a\r\n b\r\n")],
  ["a space before a colon", ok("X : a\r\n")],
  ["a NUL in a value", ok("X: a\0\r\n")],
  ["a carriage return in a value", ok("X: a\rb\r\n")],
  ["HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n"],
  ["HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"],
  ["HTTP/0.9", "<html>\r\n\r\n"],
  ["a version in lower case", "http/1.1 200 OK\r\n\r\n"],
  ["another protocol", "ICY 200 OK\r\n\r\n"],
  ["a request", "GET / HTTP/1.1\r\n\r\n"],
  ["no status", "HTTP/1.1 OK\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n"],
  ["a signed status", "HTTP/1.1 +20 OK\r\n\r\n"],
  ["two spaces before the status", "HTTP/1.1  200 OK\r\n\r\n"],
  ["a tab before the reason", "HTTP/1.1 200\tOK\r\n\r\n"],
  ["a NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n"],
  ["a carriage return in the reason", "HTTP/1.1 200 O\rK\r\n\r\n"],
  ["a long reason", `HTTP/1.1 200 ${"a".repeat(16_384)}\r\n\r\n`],
  ["many fields", ok("X: a\r\n".repeat(101))],
  ["a long field", ok(`X: ${"a".repeat(32_768)}\r\n`)],
  ["17 informational responses", "HTTP/1.1 103 a\r\n\r\n".repeat(17)],
  [
    "a switch that was not asked for",
    ok("Upgrade: a\r\n", "", "HTTP/1.1 101 a"),
  ],
  [
    "a switch to another protocol",
    ok("Upgrade: foo\r\n", "", "HTTP/1.1 101 a"),
    upgrading,
  ],
  ["a switch to no protocol", ok("", "", "HTTP/1.1 101 a"), upgrading],
  ["a bad chunk size", chunked("x\r\n")],
  ["a chunk that is too long", chunked("1\r\nab\r\n0\r\n\r\n")],
  ["a line feed behind a chunk", chunked("1\r\na\n0\r\n\r\n")],
  ["a trailer content-length", chunked("0\r\nContent-Length: 1\r\n\r\n")],
];

for (const [what, octets, request] of refused) {
  Deno.test(`a client refuses ${what}`, () => {
    const { client, told, error } = answer(octets, request);
    assert.equal(error?.status, 502, error?.message);
    assert.equal(client.state, "closed");
    assert.equal(client.outputLength, 0, "a client says nothing about it");
    const ends = told.take().filter(([name]) =>
      name !== "headers" && name !== "data"
    );
    assert.deepEqual(ends.map(([name]) => name), [
      "reset",
      "closed",
      "finished",
    ]);
    assert.equal(ends[0]?.[2], "refused");
  });
}

interface Expected {
  readonly status: string;
  readonly fields?: HeaderList;
  readonly body?: string;
  readonly end?: boolean;
  readonly reusable?: boolean;
  readonly trailers?: HeaderList;
}

const accepted: (readonly [string, string, Expected, HeaderList?])[] = [
  [
    "a body of content-length",
    ok("Content-Length: 2\r\n", "ab"),
    { status: "200", fields: [["content-length", "2"]], body: "ab" },
  ],
  ["an empty body", ok("Content-Length: 0\r\n"), { status: "200" }],
  ["chunks", chunked("1\r\na\r\n2;x\r\nbc\r\n0\r\n\r\n"), {
    status: "200",
    fields: [],
    body: "abc",
  }],
  ["trailers", chunked("1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n"), {
    status: "200",
    body: "a",
    trailers: [["x-sum", "1"]],
  }],
  ["no reason", ok("Content-Length: 0\r\n", "", "HTTP/1.1 200 "), {
    status: "200",
  }],
  ["no reason and no space", ok("Content-Length: 0\r\n", "", "HTTP/1.1 200"), {
    status: "200",
  }],
  [
    "a reason above ASCII",
    ok("Content-Length: 0\r\n", "", "HTTP/1.1 404 \xe9"),
    {
      status: "404",
    },
  ],
  ["204", ok("", "", "HTTP/1.1 204 No Content"), { status: "204", fields: [] }],
  [
    "204 with content-length 0, which is left out",
    ok("Content-Length: 0\r\nX: a\r\n", "", "HTTP/1.1 204 a"),
    { status: "204", fields: [["x", "a"]] },
  ],
  [
    "304 with the length of what it stands for",
    ok("Content-Length: 9\r\n", "", "HTTP/1.1 304 a"),
    { status: "304", fields: [["content-length", "9"]] },
  ],
  [
    "an answer to HEAD with a length",
    ok("Content-Length: 9\r\n"),
    { status: "200", fields: [["content-length", "9"]] },
    HEAD,
  ],
  [
    "an answer to HEAD with a coding",
    ok("Transfer-Encoding: chunked\r\n"),
    { status: "200", fields: [] },
    HEAD,
  ],
  ["a body until the end", ok("", "abc"), {
    status: "200",
    body: "abc",
    end: false,
    reusable: false,
  }],
  [
    "an announced end",
    ok("Connection: close\r\nContent-Length: 1\r\n", "a"),
    { status: "200", body: "a", reusable: false },
  ],
  [
    "HTTP/1.0",
    ok("Content-Length: 1\r\n", "a", "HTTP/1.0 200 OK"),
    { status: "200", body: "a", reusable: false },
  ],
  [
    "HTTP/1.0 that goes on",
    ok(
      "Content-Length: 1\r\nConnection: Keep-Alive\r\n",
      "a",
      "HTTP/1.0 200 OK",
    ),
    { status: "200", body: "a", fields: [["content-length", "1"]] },
  ],
  [
    "fields of the connection, which are left out",
    ok(
      "Connection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nUpgrade: h2c\r\nContent-Length: 0\r\n",
    ),
    { status: "200", fields: [["content-length", "0"]] },
  ],
  [
    "many cookies in order",
    ok("Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n"),
    {
      status: "200",
      fields: [["set-cookie", "a"], ["set-cookie", "b"], [
        "content-length",
        "0",
      ]],
    },
  ],
];

for (const [what, octets, expected, request] of accepted) {
  Deno.test(`a client accepts ${what}`, () => {
    const { client, told, error } = answer(octets, request);
    assert.equal(error, undefined);
    const [head = [], trailers] = told.headers;
    assert.deepEqual(head[0], [":status", expected.status]);
    if (expected.fields) assert.deepEqual(head.slice(1), expected.fields);
    assert.equal(told.bodies.get(1) ?? "", expected.body ?? "");
    assert.deepEqual(trailers, expected.trailers);
    const events = told.take();
    const closed = events.some(([name]) => name === "closed");
    assert.equal(closed, expected.end ?? true);
    assert.equal(client.canOpen, expected.reusable ?? true);
    const finished = events.some(([name]) => name === "finished");
    assert.equal(finished, closed && !client.canOpen);
  });
}

Deno.test("a client tells informational responses apart from the final one", () => {
  const { told, client } = answer(
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 a\r\nLink: b\r\n\r\n" +
      ok("Content-Length: 0\r\n"),
    POST,
  );
  const kinds = told.take().filter(([name]) => name === "headers");
  assert.deepEqual(kinds.map((event) => event.slice(2)), [
    [[[":status", "100"]], "informational", false],
    [[[":status", "103"], ["link", "b"]], "informational", false],
    [[[":status", "200"], ["content-length", "0"]], "response", true],
  ]);
  assert.ok(client.canOpen);
});

Deno.test("a client takes the end of the connection for the end of such a body", () => {
  const { client, told } = answer(ok("", "abc"));
  told.take();
  assert.equal(client.end(), undefined);
  const expected: Event[] = [
    ["data", 1, 0, true],
    ["closed", 1],
    ["finished", "close", undefined],
  ];
  assert.deepEqual(told.take(), expected);
});

const cutOff = [
  ["before a response", "", "unanswered"],
  ["in a status line", "HTTP/1.1 2", "truncated"],
  ["in a head", "HTTP/1.1 200 OK\r\nX: a\r\n", "truncated"],
  ["behind an informational response", "HTTP/1.1 100 a\r\n\r\n", "truncated"],
  [
    "in a body of content-length",
    ok("Content-Length: 2\r\n", "a"),
    "truncated",
  ],
  ["in a chunk", chunked("2\r\na"), "truncated"],
  ["before the last chunk", chunked("1\r\na\r\n"), "truncated"],
  ["in trailers", chunked("0\r\nX: a\r\n"), "truncated"],
] as const;
for (const [where, octets, reason] of cutOff) {
  Deno.test(`a client tells an end ${where}`, () => {
    const { client, told } = answer(octets);
    told.take();
    assert.equal(client.end()?.status, 502);
    const events = told.take();
    assert.deepEqual(events.slice(0, 2), [["reset", 1, reason], ["closed", 1]]);
    assert.equal(client.state, "closed");
  });
}

Deno.test("a client that lost its transport does not take the body for complete", () => {
  const { client, told } = answer(ok("", "abc"));
  told.take();
  client.terminate();
  assert.deepEqual(told.take(), [["reset", 1, "lost"], ["closed", 1]]);
});

const behind = [
  ["a second response", ok("Content-Length: 0\r\n").repeat(2)],
  ["octets behind a body", ok("Content-Length: 1\r\n", "ab")],
  ["octets behind chunks", chunked("0\r\n\r\n\r\n")],
  ["a body behind 204", ok("", "abc", "HTTP/1.1 204 a")],
  ["a body behind 304", ok("", "abc", "HTTP/1.1 304 a")],
] as const;
for (const [what, octets] of behind) {
  Deno.test(`a client never gives ${what} to the next request`, () => {
    const { client, told } = newClient();
    let opened: unknown;
    told.react = ([name]) => {
      if (name === "closed") opened = client.openExchange(GET, true);
    };
    open(client, GET, true);
    client.takeOutput();
    const error = client.receive(octetsOf(octets));
    assert.ok(opened instanceof Error);
    assert.equal(error?.found, "octets that belong to no response");
    const events = told.take();
    assert.deepEqual(
      events.filter(([name]) => name !== "headers" && name !== "data"),
      [["closed", 1], ["finished", "close", error.message]],
    );
  });
}

Deno.test("a client refuses a response that nobody asked for", () => {
  const { client } = newClient();
  const error = client.receive(octetsOf(ok("Content-Length: 0\r\n")));
  assert.equal(error?.status, 502);
  assert.equal(client.canOpen, false);
});

Deno.test("a client refuses a response that came before its request went out", () => {
  const { client, told } = newClient();
  open(client, GET, true);
  const error = client.receive(octetsOf(ok("Content-Length: 0\r\n")));
  assert.equal(error?.found, "response before its request");
  assert.deepEqual(told.take()[0], ["reset", 1, "unanswered"]);
});
