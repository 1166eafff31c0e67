/** Requests to accept and to refuse, for tables, fuzzing and the oracle. */

/** A request with a valid rest around what a case is about. */
export function get(fields: string, line = "GET / HTTP/1.1"): string {
  return `${line}\r\nHost: a.test\r\n${fields}\r\n`;
}

export function post(fields: string, body: string): string {
  return `POST / HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n${body}`;
}

export function line(text: string, host = "a.test"): string {
  return `${text}\r\nHost: ${host}\r\n\r\n`;
}

const chunked = (body: string) => post("Transfer-Encoding: chunked\r\n", body);

/** [what, octets, status, why llhttp accepts it where it does] */
export type Refused = readonly [
  what: string,
  octets: string,
  status: number,
  oracleAccepts?: string,
];

export const REFUSED: readonly Refused[] = [
  // Two readings of where the body ends.
  [
    "content-length and transfer-encoding",
    post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "transfer-encoding and content-length",
    post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "two content-lengths",
    post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"),
    400,
  ],
  [
    "two equal content-lengths",
    post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"),
    400,
  ],
  ["a list as content-length", post("Content-Length: 1, 1\r\n", "a"), 400],
  ["a signed content-length", post("Content-Length: +1\r\n", "a"), 400],
  ["a negative content-length", post("Content-Length: -1\r\n", "a"), 400],
  ["a hexadecimal content-length", post("Content-Length: 0x1\r\n", "a"), 400],
  ["an empty content-length", post("Content-Length:\r\n", "a"), 400],
  ["a content-length with a space", post("Content-Length: 1 1\r\n", "a"), 400],
  ["a content-length with a dot", post("Content-Length: 1.0\r\n", "a"), 400],
  [
    "a content-length with an exponent",
    post("Content-Length: 1e1\r\n", "a"),
    400,
  ],
  [
    "a content-length with leading zeros",
    post("Content-Length: 01\r\n", "a"),
    400,
    "grammar allows them, other readers take them for octal",
  ],
  [
    "a content-length above 2^64",
    post("Content-Length: 18446744073709551617\r\n", "a"),
    413,
  ],
  [
    "a content-length above 2^53",
    post("Content-Length: 9007199254740993\r\n", "a"),
    413,
    "it counts in 64 bits",
  ],
  [
    "a content-length padded with a vertical tab",
    post("Content-Length: \x0b1\r\n", "a"),
    400,
  ],
  [
    "a content-length padded with a no-break space",
    post("Content-Length: \xa01\r\n", "a"),
    400,
  ],
  [
    "another transfer-encoding",
    post("Transfer-Encoding: gzip\r\n", ""),
    400,
  ],
  [
    "identity",
    post("Transfer-Encoding: identity\r\n", ""),
    400,
  ],
  [
    "a coding before chunked",
    post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
    501,
    "it leaves codings to its user",
  ],
  [
    "chunked before another coding",
    post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "chunked twice",
    post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "two transfer-encoding fields",
    post(
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "0\r\n\r\n",
    ),
    400,
  ],
  [
    "chunked with a parameter",
    post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "chunked in quotes",
    post('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n"),
    400,
  ],
  [
    "chunked behind a vertical tab",
    post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "chunked behind a no-break space",
    post("Transfer-Encoding: \xa0chunked\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "chunked behind an empty item",
    post("Transfer-Encoding: , chunked\r\n", "0\r\n\r\n"),
    400,
    "it looks at the last coding only",
  ],
  [
    "chunked before an empty item",
    post("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "an empty transfer-encoding",
    post("Transfer-Encoding:\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "chunked with a letter that only looks like one",
    post("Transfer-Encoding: chun\xe7ed\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "a folded transfer-encoding",
    post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"),
    400,
  ],
  [
    "a space before the colon of transfer-encoding",
    post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
    400,
  ],
  // Line ends.
  ["line feeds only", "GET / HTTP/1.1\nHost: a.test\n\n", 400],
  [
    "a line feed behind the request line",
    "GET / HTTP/1.1\nHost: a\r\n\r\n",
    400,
  ],
  [
    "a line feed behind a field",
    "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n",
    400,
  ],
  ["a line feed as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400],
  ["a carriage return in a value", get("X: a\rb\r\n"), 400],
  ["a carriage return at a value's end", get("X: a\r\r\n"), 400],
  ["a carriage return in front of a value", get("X:\ra\r\n"), 400],
  ["a carriage return in a name", get("X\rY: a\r\n"), 400],
  ["a carriage return as line end", get("X: a\rY: b\r\n"), 400],
  ["a carriage return in the request line", line("GET /\r HTTP/1.1"), 400],
  ["a carriage return behind the version", line("GET / HTTP/1.1\r"), 400],
  ["a carriage return in place of an empty line", get("\r\r\n"), 400],
  ["a folded field", get("X: a\r\n b\r\n"), 400],
  ["a field folded by a tab", get("X: a\r\n\tb\r\n"), 400],
  [
    "a first field that is folded",
    "GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n",
    400,
  ],
  [
    "two empty lines in front",
    "\r\n\r\n" + get(""),
    400,
    "it skips any number",
  ],
  ["a line feed in front", "\n" + get(""), 400, "it skips it"],
  ["a space in front", " " + get(""), 400],
  ["a tab in front", "\t" + get(""), 400],
  ["a byte order mark in front", "\xef\xbb\xbf" + get(""), 400],
  // Names and values.
  ["a space before the colon", get("X : a\r\n"), 400],
  ["a tab before the colon", get("X\t: a\r\n"), 400],
  ["a space in a name", get("X Y: a\r\n"), 400],
  ["an empty name", get(": a\r\n"), 400],
  ["a field without a colon", get("X\r\n"), 400],
  ["a NUL in a name", get("X\0: a\r\n"), 400],
  ["a control octet in a name", get("X\x01: a\r\n"), 400],
  ["an octet above 127 in a name", get("X\xe9: a\r\n"), 400],
  ["parentheses in a name", get("X(): a\r\n"), 400],
  ["a slash in a name", get("X/Y: a\r\n"), 400],
  ["quotes in a name", get('"X": a\r\n'), 400],
  ["a brace in a name", get("{X}: a\r\n"), 400],
  ["a pseudo-header name", get(":path: /admin\r\n"), 400],
  ["a NUL in a value", get("X: a\0b\r\n"), 400],
  ["a control octet in a value", get("X: a\x01b\r\n"), 400],
  ["a vertical tab in a value", get("X: a\x0bb\r\n"), 400],
  ["a delete in a value", get("X: a\x7fb\r\n"), 400],
  ["an escape in a value", get("X: \x1b[0m\r\n"), 400],
  // Host.
  ["no host", "GET / HTTP/1.1\r\n\r\n", 400, "it does not look at Host"],
  ["two hosts", get("Host: b.test\r\n"), 400, "it does not look at Host"],
  ["two equal hosts", get("Host: a.test\r\n"), 400, "it does not look at Host"],
  ...[
    "",
    "a b",
    "a@b",
    "user:pw@b",
    "a/b",
    "a?b",
    "a#b",
    "a:b",
    "a:",
    ":80",
    "a:99999",
    "a:-1",
    "a:+80",
    "a:80:80",
    "http://a",
    "[::1",
    "::1",
    "[::1]x",
    "[::g]",
    "[]",
    "[::1%eth0]",
    "a\\b",
    'a"b',
    "a<b",
    "a%",
    "a%zz",
    "\xe9.test",
  ].map((host): Refused => [
    `host ${JSON.stringify(host)}`,
    line("GET / HTTP/1.1", host),
    400,
    "it does not look at Host",
  ]),
  // Request line.
  ["no version", line("GET /"), 400, "it knows 0.9"],
  ["no target", line("GET HTTP/1.1"), 400],
  ["an empty target", line("GET  HTTP/1.1"), 400],
  ["two spaces before the target", line("GET  / HTTP/1.1"), 400, "lenient"],
  ["two spaces before the version", line("GET /  HTTP/1.1"), 400, "lenient"],
  ["a space behind the version", line("GET / HTTP/1.1 "), 400],
  ["a tab for a space", line("GET\t/\tHTTP/1.1"), 400],
  ["a space in the target", line("GET /a b HTTP/1.1"), 400],
  ["a fragment", line("GET /#a HTTP/1.1"), 400, "it reads URLs"],
  ["a NUL in the target", line("GET /\0 HTTP/1.1"), 400],
  ["a control octet in the target", line("GET /\x01 HTTP/1.1"), 400],
  ["a delete in the target", line("GET /\x7f HTTP/1.1"), 400],
  ["an octet above 127 in the target", line("GET /\xe9 HTTP/1.1"), 400],
  ["a relative target", line("GET a HTTP/1.1"), 400],
  ["a target of a query", line("GET ?a HTTP/1.1"), 400],
  ["an asterisk for GET", line("GET * HTTP/1.1"), 400, "it allows it for all"],
  ["an asterisk with a path", line("OPTIONS */ HTTP/1.1"), 400, "lenient"],
  ["an authority for GET", line("GET a.test:80 HTTP/1.1"), 400],
  ["another scheme", line("GET ftp://a.test/ HTTP/1.1"), 400, "any scheme"],
  ["https on http", line("GET https://a.test/ HTTP/1.1"), 400, "any scheme"],
  [
    "an absolute target of another host",
    line("GET http://b.test/ HTTP/1.1"),
    400,
    "it does not look at Host",
  ],
  [
    "an absolute target of another port",
    line("GET http://a.test:81/ HTTP/1.1"),
    400,
    "it does not look at Host",
  ],
  [
    "an absolute target with user information",
    line("GET http://x@a.test/ HTTP/1.1"),
    400,
    "it reads URLs",
  ],
  [
    "an absolute target without a host",
    line("GET http:/// HTTP/1.1"),
    400,
    "it reads no host",
  ],
  ["a target of two slashes with a scheme", line("GET http:/a HTTP/1.1"), 400],
  ["no method", line(" / HTTP/1.1"), 400],
  ["a method with a slash", line("G/T / HTTP/1.1"), 400],
  ["a method with a colon", line("GET: / HTTP/1.1"), 400],
  ["a long method", line(`${"M".repeat(33)} / HTTP/1.1`), 501],
  [
    "CONNECT",
    line("CONNECT a.test:80 HTTP/1.1", "a.test:80"),
    501,
    "a proxy's",
  ],
  // Versions.
  ["HTTP/1.0", line("GET / HTTP/1.0"), 426, "we need it allowed"],
  ["HTTP/0.9", line("GET / HTTP/0.9"), 505, "it knows 0.9"],
  ["HTTP/1.2", line("GET / HTTP/1.2"), 505],
  ["HTTP/2.0", line("GET / HTTP/2.0"), 505, "it knows 2.0"],
  ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  ["a version in lower case", line("GET / http/1.1"), 400],
  ["another protocol", line("GET / ICE/1.1"), 400],
  ["a version of two digits", line("GET / HTTP/1.10"), 400],
  ["a version without a minor", line("GET / HTTP/1"), 400],
  ["a version with a zero in front", line("GET / HTTP/01.1"), 400],
  // Other fields.
  ["an unknown expectation", get("Expect: 200-ok\r\n"), 417, "ours to decide"],
  [
    "two expectations",
    get("Expect: 100-continue\r\nExpect: 100-continue\r\n"),
    417,
    "ours to decide",
  ],
  [
    "a connection option content-length",
    get("Connection: content-length\r\n"),
    400,
    "ours to decide",
  ],
  [
    "a connection option host",
    get("Connection: close, host\r\n"),
    400,
    "ours to decide",
  ],
  [
    "a connection option :path",
    get("Connection: :path\r\n"),
    400,
    "ours to decide",
  ],
  [
    "a connection field of many options",
    get(`Connection: ${"a,".repeat(33)}\r\n`),
    431,
    "ours to decide",
  ],
  // Limits.
  [
    "a long request line",
    line(`GET /${"a".repeat(16_384)} HTTP/1.1`),
    414,
    "limit",
  ],
  ["a long field", get(`X: ${"a".repeat(32_768)}\r\n`), 431, "limit"],
  ["many fields", get("X: a\r\n".repeat(100)), 431, "limit"],
  ["a long head", get(`X: ${"a".repeat(30_000)}\r\n`.repeat(3)), 431, "limit"],
  // Chunks.
  ["a chunk size that is no number", chunked("x\r\n"), 400],
  ["an empty chunk size", chunked("\r\n"), 400],
  ["an empty chunk size with an extension", chunked(";a\r\n"), 400],
  ["a signed chunk size", chunked("+1\r\na\r\n0\r\n\r\n"), 400],
  ["a chunk size of 0x1", chunked("0x1\r\na\r\n0\r\n\r\n"), 400],
  ["a space before a chunk size", chunked(" 1\r\na\r\n0\r\n\r\n"), 400],
  ["a space behind a chunk size", chunked("1 \r\na\r\n0\r\n\r\n"), 400],
  ["an underscore in a chunk size", chunked("1_0\r\na\r\n0\r\n\r\n"), 400],
  ["a chunk size above 2^64", chunked("10000000000000001\r\na"), 413],
  [
    "a chunk size of many zeros",
    chunked(`${"0".repeat(13)}\r\n\r\n`),
    413,
    "limit",
  ],
  ["a line feed behind a chunk size", chunked("1\na\r\n0\r\n\r\n"), 400],
  ["a carriage return behind a chunk size", chunked("1\ra\r\n0\r\n\r\n"), 400],
  ["a line feed behind a chunk", chunked("1\r\na\n0\r\n\r\n"), 400],
  ["a chunk longer than said", chunked("1\r\nab\r\n0\r\n\r\n"), 400],
  ["a chunk without an end", chunked("1\r\na0\r\n\r\n"), 400],
  [
    "a chunk extension with a line feed",
    chunked("1;a\nb\r\na\r\n0\r\n\r\n"),
    400,
  ],
  ["a chunk extension with a NUL", chunked("1;a=\0\r\na\r\n0\r\n\r\n"), 400],
  [
    "a chunk extension with a carriage return",
    chunked("1;a\rb\r\na\r\n0\r\n\r\n"),
    400,
  ],
  [
    "a long chunk extension",
    chunked(`1;${"a".repeat(16_385)}\r\na\r\n0\r\n\r\n`),
    400,
    "limit",
  ],
  [
    "many chunk extensions",
    chunked("1;aaaaaaaaaaaaaaaa\r\na\r\n".repeat(1_000)),
    400,
    "limit",
  ],
  ["a line feed behind the last chunk", chunked("0\n\r\n"), 400],
  ["a line feed as the end of trailers", chunked("0\r\n\n"), 400],
  ["a trailer with a line feed", chunked("0\r\nX: a\n\r\n"), 400],
  ["a folded trailer", chunked("0\r\nX: a\r\n b\r\n\r\n"), 400],
  ["a trailer with a NUL", chunked("0\r\nX: \0\r\n\r\n"), 400],
  ["a trailer content-length", chunked("0\r\nContent-Length: 1\r\n\r\n"), 400],
  [
    "a trailer transfer-encoding",
    chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    400,
  ],
  [
    "a trailer host",
    chunked("0\r\nHost: b\r\n\r\n"),
    400,
    "it does not look at Host",
  ],
  ["many trailers", chunked(`0\r\n${"X: a\r\n".repeat(33)}\r\n`), 431, "limit"],
  [
    "long trailers",
    chunked(`0\r\nX: ${"a".repeat(16_384)}\r\n\r\n`),
    431,
    "limit",
  ],
  // Behind a body.
  ["octets behind a body", post("Content-Length: 1\r\n", "a\0b"), 400],
  ["octets behind a chunked body", chunked("0\r\n\r\n\x80"), 400],
];

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

/** Cases of options, refused. */
export const REFUSED_WITH: readonly (readonly [
  what: string,
  octets: string,
  status: number,
  options: { http10?: boolean; connect?: boolean },
])[] = [
  [
    "transfer-encoding in HTTP/1.0",
    "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
    { http10: true },
  ],
  ["HTTP/1.0 without a host", "GET / HTTP/1.0\r\n\r\n", 400, { http10: true }],
  [
    "CONNECT without a port",
    line("CONNECT a.test HTTP/1.1", "a.test"),
    400,
    { connect: true },
  ],
  ["CONNECT of a path", line("CONNECT / HTTP/1.1"), 400, { connect: true }],
  [
    "CONNECT of another host",
    line("CONNECT b.test:80 HTTP/1.1"),
    400,
    { connect: true },
  ],
  [
    "CONNECT with a body",
    "CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1\r\nContent-Length: 1\r\n\r\na",
    400,
    { connect: true },
  ],
];
