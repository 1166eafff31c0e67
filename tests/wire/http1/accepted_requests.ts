/** Requests to accept, for tables and the oracle. */
import { get, line, post } from "./requests.ts";

/** [what, octets, the fields of the first request without pseudo-headers] */
export type Accepted = readonly [
  what: string,
  octets: string,
  expected: {
    readonly pseudo?: readonly (readonly [string, string])[];
    readonly fields?: readonly (readonly [string, string])[];
    readonly body?: string;
    readonly trailers?: readonly (readonly [string, string])[];
    readonly options?: { http10?: boolean; connect?: boolean };
  },
];

const pseudo = (
  method: string,
  path: string,
  authority = "a.test",
): (readonly [string, string])[] => [
  [":method", method],
  [":scheme", "http"],
  [":authority", authority],
  [":path", path],
];

export const ACCEPTED: readonly Accepted[] = [
  ["a request without fields", get(""), { fields: [] }],
  ["an empty line in front", "\r\n" + get(""), { fields: [] }],
  [
    "names of every token character",
    get("!#$%&'*+-.^_`|~09azAZ: a\r\n"),
    { fields: [["!#$%&'*+-.^_`|~09azaz", "a"]] },
  ],
  ["blanks around a value", get("X: \t a b\t \r\n"), {
    fields: [["x", "a b"]],
  }],
  ["no blank before a value", get("X:a\r\n"), { fields: [["x", "a"]] }],
  ["an empty value", get("X:\r\nY: \t\r\n"), {
    fields: [["x", ""], ["y", ""]],
  }],
  ["colons in a value", get("X: a:b:\r\n"), { fields: [["x", "a:b:"]] }],
  [
    "octets above 127 in a value",
    get("X: caf\xc3\xa9 \x80\xff\r\n"),
    { fields: [["x", "caf\xc3\xa9 \x80\xff"]] },
  ],
  [
    "repeated fields in order",
    get("X: 1\r\nY: 2\r\nX: 3\r\n"),
    { fields: [["x", "1"], ["y", "2"], ["x", "3"]] },
  ],
  ["99 fields", get("X: a\r\n".repeat(99)), {}],
  [
    "another method",
    get("", "BREW-X /pot HTTP/1.1"),
    { pseudo: pseudo("BREW-X", "/pot") },
  ],
  [
    "a query and odd characters",
    get("", 'GET /a;b//../%zz?x=[1]|{2}^"\\&y=/? HTTP/1.1'),
    { pseudo: pseudo("GET", '/a;b//../%zz?x=[1]|{2}^"\\&y=/?') },
  ],
  ["a path of two slashes", get("", "GET //b/c HTTP/1.1"), {
    pseudo: pseudo("GET", "//b/c"),
  }],
  ["an absolute target", line("GET http://a.test/b?c HTTP/1.1"), {
    pseudo: pseudo("GET", "/b?c"),
  }],
  ["an absolute target without a path", line("GET http://a.test HTTP/1.1"), {
    pseudo: pseudo("GET", "/"),
  }],
  ["an absolute target of a query", line("GET http://a.test?b HTTP/1.1"), {
    pseudo: pseudo("GET", "/?b"),
  }],
  ["an absolute target in capitals", line("GET HTTP://A.TEST:80/ HTTP/1.1"), {
    pseudo: pseudo("GET", "/", "A.TEST:80"),
  }],
  ["an absolute target of OPTIONS", line("OPTIONS http://a.test HTTP/1.1"), {
    pseudo: pseudo("OPTIONS", "*"),
  }],
  ["an asterisk", line("OPTIONS * HTTP/1.1"), {
    pseudo: pseudo("OPTIONS", "*"),
  }],
  ...[
    "a",
    "a.test:80",
    "a_b-c.test",
    "10.0.0.1:65535",
    "[::1]",
    "[2001:db8::1]:80",
    "[::ffff:10.0.0.1]",
    "a%20b",
    "A.Test",
  ].map((host): Accepted => [
    `host ${host}`,
    line("GET / HTTP/1.1", host),
    { pseudo: pseudo("GET", "/", host) },
  ]),
  [
    "a body of content-length",
    post("Content-Length: 3\r\n", "abc"),
    { fields: [["content-length", "3"]], body: "abc" },
  ],
  [
    "content-length 0",
    post("Content-Length: 0\r\n", ""),
    { fields: [["content-length", "0"]] },
  ],
  [
    "chunks",
    post(
      "Transfer-Encoding: chunked\r\n",
      "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
    ),
    { fields: [], body: "abc0123456789" },
  ],
  [
    "chunked in capitals",
    post("Transfer-Encoding: CHUNKED \r\n", "1\r\na\r\n0\r\n\r\n"),
    { fields: [], body: "a" },
  ],
  [
    "chunk sizes with zeros in front",
    post("Transfer-Encoding: chunked\r\n", "0000000001\r\na\r\n000\r\n\r\n"),
    { body: "a" },
  ],
  [
    "chunk extensions",
    post("Transfer-Encoding: chunked\r\n", '1;a=b;c="d e"\r\na\r\n0;x\r\n\r\n'),
    { body: "a" },
  ],
  [
    "trailers",
    post(
      "Transfer-Encoding: chunked\r\n",
      "1\r\na\r\n0\r\nX-Sum: 1\r\ny:2\r\n\r\n",
    ),
    { body: "a", trailers: [["x-sum", "1"], ["y", "2"]] },
  ],
  [
    "fields of the connection, which are left out",
    get(
      "Connection: keep-alive, X-Hop\r\nKeep-Alive: 5\r\nX-Hop: 1\r\n" +
        "Proxy-Connection: close\r\nTE: gzip\r\nX-End: 2\r\n",
    ),
    { fields: [["x-end", "2"]] },
  ],
  [
    "te with trailers",
    get("TE: gzip;q=1, Trailers\r\nConnection: TE\r\n"),
    { fields: [["te", "trailers"]] },
  ],
  [
    "an expectation",
    post("Expect: 100-Continue\r\nContent-Length: 1\r\n", "a"),
    {
      fields: [["expect", "100-Continue"], ["content-length", "1"]],
      body: "a",
    },
  ],
  ["an expectation without a body", get("Expect: 100-continue\r\n"), {
    fields: [],
  }],
  [
    "an upgrade",
    get("Connection: Upgrade\r\nUpgrade: WebSocket\r\n"),
    { fields: [["upgrade", "websocket"]] },
  ],
  [
    "an upgrade that is not announced",
    get("Upgrade: websocket\r\n"),
    { fields: [] },
  ],
  [
    "an upgrade to HTTP/2, which is not passed on",
    get(
      "Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n",
    ),
    { fields: [] },
  ],
  [
    "an upgrade with one choice left",
    get("Connection: upgrade\r\nUpgrade: h2c, TLS/1.2, HTTP/2.0, foo/2\r\n"),
    { fields: [["upgrade", "foo/2"]] },
  ],
  [
    "an upgrade with a body, which is none",
    post("Connection: upgrade\r\nUpgrade: foo\r\nContent-Length: 1\r\n", "a"),
    { fields: [["content-length", "1"]], body: "a" },
  ],
  [
    "HTTP/1.0 where allowed",
    line("GET / HTTP/1.0"),
    { pseudo: pseudo("GET", "/"), options: { http10: true } },
  ],
  [
    "CONNECT where allowed",
    line("CONNECT a.test:443 HTTP/1.1", "a.test:443"),
    {
      pseudo: [[":method", "CONNECT"], [":authority", "a.test:443"]],
      options: { connect: true },
    },
  ],
];
