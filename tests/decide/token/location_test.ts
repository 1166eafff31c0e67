import assert from "node:assert/strict";
import {
  isCorsPreflight,
  locateTokens,
  withClaimHeaders,
  withoutClaimHeaders,
  withoutToken,
} from "../../../src/decide/token/location.ts";
import type { HeaderList } from "../../../src/model/http.ts";
import type {
  TokenPlace,
  TokenRule,
} from "../../../src/model/request_authentication.ts";
import { request } from "../../support/http_samples.ts";

const BEARER: TokenPlace = {
  in: "header",
  name: "authorization",
  prefix: "Bearer ",
};
const PLAIN: TokenPlace = { in: "header", name: "x-token", prefix: "" };
const PARAM: TokenPlace = { in: "param", name: "access_token" };
const COOKIE: TokenPlace = { in: "cookie", name: "session" };

const authorization = (...values: string[]): HeaderList =>
  values.map((value) => ["authorization", value]);
const cookie = (...values: string[]): HeaderList =>
  values.map((value) => ["cookie", value]);

const rows: [
  name: string,
  place: TokenPlace,
  headers: HeaderList,
  path: string,
  tokens: string[],
][] = [
  ["a bearer token", BEARER, authorization("Bearer a.b.c"), "/", ["a.b.c"]],
  ["more spaces", BEARER, authorization("Bearer   a.b.c"), "/", ["a.b.c"]],
  ["no other scheme", BEARER, authorization("Basic abc"), "/", []],
  ["no other case", BEARER, authorization("bearer a.b.c"), "/", []],
  ["a prefix without token", BEARER, authorization("Bearer "), "/", [""]],
  ["a prefix further on", BEARER, authorization("Basic x,Bearer a.b.c"), "/", [
    "a.b.c",
  ]],
  ["every header", BEARER, authorization("Bearer a", "Bearer b"), "/", [
    "a",
    "b",
  ]],
  ["all of a header without prefix", PLAIN, [["x-token", "a.b.c"]], "/", [
    "a.b.c",
  ]],
  ["a parameter", PARAM, [], "/?x=1&access_token=a.b.c", ["a.b.c"]],
  ["an encoded name", PARAM, [], "/?access%5Ftoken=a.b.c", ["a.b.c"]],
  ["an encoded value", PARAM, [], "/?access_token=a%2Eb.c", ["a.b.c"]],
  ["every parameter", PARAM, [], "/?access_token=a&access_token=b", ["a", "b"]],
  ["a parameter after a second ?", PARAM, [], "/?x=?&access_token=a", ["a"]],
  ["no parameter of the path", PARAM, [], "/access_token=a", []],
  ["no parameter of the fragment", PARAM, [], "/#?access_token=a", []],
  ["a value that cannot be decoded", PARAM, [], "/?access_token=%zz", ["%zz"]],
  ["an empty parameter", PARAM, [], "/?access_token", [""]],
  ["a cookie", COOKIE, cookie("a=b; session=a.b.c; c=d"), "/", ["a.b.c"]],
  ["a quoted cookie", COOKIE, cookie('session="a.b.c"'), "/", ["a.b.c"]],
  ["every cookie", COOKIE, cookie("session=a", "session=b"), "/", ["a", "b"]],
  ["no cookie of another name", COOKIE, cookie("xsession=a"), "/", []],
];
for (const [name, place, headers, path, tokens] of rows) {
  Deno.test(`locateTokens() finds ${name}`, () => {
    const found = locateTokens(request({ headers, path }), [place, place]);
    assert.deepEqual(found, tokens.map((token) => ({ token, place })));
  });
}

Deno.test("locateTokens() looks at headers, then parameters, then cookies", () => {
  const carrying = request({
    headers: [...cookie("session=c"), ...authorization("Bearer a")],
    path: "/?access_token=b",
  });
  const found = locateTokens(carrying, [COOKIE, PARAM, BEARER]);
  assert.deepEqual(found.map(({ token }) => token), ["a", "b", "c"]);
});

const paths: [path: string, rest: string][] = [
  ["/a?access_token=x", "/a"],
  ["/a?access_token=x&b=1", "/a?b=1"],
  ["/a?b=1&access%5Ftoken=x&c=%20&access_token=y", "/a?b=1&c=%20"],
  ["/a?b=1#f", "/a?b=1#f"],
];
for (const [path, rest] of paths) {
  Deno.test(`withoutToken() makes ${rest} of ${path}`, () => {
    assert.equal(withoutToken(request({ path }), PARAM).path, rest);
  });
}

Deno.test("withoutToken() takes every header of the name and leaves cookies", () => {
  const headers = [
    ...authorization("Bearer a", "Basic b"),
    ...cookie("session=c"),
  ];
  const rest = withoutToken(request({ headers }), BEARER);
  assert.deepEqual(rest.headers, cookie("session=c"));
  assert.deepEqual(withoutToken(rest, COOKIE), rest);
});

const RULE: TokenRule = {
  issuer: "i",
  audiences: [],
  keys: { kind: "inline", jwks: "" },
  places: [BEARER],
  forwardOriginalToken: false,
  payloadHeader: "x-payload",
  claimHeaders: [
    { header: "x-name", claim: ["user", "name"] },
    { header: "x-level", claim: ["level"] },
  ],
  spaceDelimitedClaims: [],
};

Deno.test("withoutClaimHeaders() takes away what a client made up", () => {
  const headers: HeaderList = [
    ["x-name", "root"],
    ["x-payload", "e30"],
    ["x-other", "1"],
  ];
  const clean = withoutClaimHeaders(request({ headers }), [RULE]);
  assert.deepEqual(clean.headers, [["x-other", "1"]]);
});

const claims: [name: string, claim: unknown, value: string | undefined][] = [
  ["text", "Ann", "Ann"],
  ["a whole number", 42, "42"],
  ["a truth value", false, "false"],
  ["text beyond ASCII", "é", "\u00c3\u00a9"],
  ["no fraction", 1.5, undefined],
  ["no list", ["a"], undefined],
  ["no object", {}, undefined],
  ["nothing", undefined, undefined],
  ["no null", null, undefined],
  ["no empty text", "", undefined],
  ["no text that ends the header", "a\r\nx-admin: 1", undefined],
  ["no NUL", "a\0b", undefined],
];
for (const [name, level, value] of claims) {
  Deno.test(`withClaimHeaders() writes ${name}`, () => {
    const token = { encodedPayload: "e30", payload: { level } };
    const { headers } = withClaimHeaders(request(), RULE, token);
    assert.deepEqual(headers, [
      ["x-payload", "e30"],
      ...value === undefined ? [] : [["x-level", value]],
    ]);
  });
}

Deno.test("withClaimHeaders() looks into nested claims", () => {
  const payload = { user: { name: "Ann" }, "user.name": "Bob" };
  const token = { encodedPayload: "e30", payload };
  const { headers } = withClaimHeaders(request(), RULE, token);
  assert.deepEqual(headers.at(-1), ["x-name", "Ann"]);
});

const preflights: [
  name: string,
  method: string,
  names: string[],
  is: boolean,
][] = [
  ["a preflight", "OPTIONS", ["origin", "access-control-request-method"], true],
  ["another method", "GET", ["origin", "access-control-request-method"], false],
  ["no origin", "OPTIONS", ["access-control-request-method"], false],
  ["no method asked for", "OPTIONS", ["origin"], false],
];
for (const [name, method, names, is] of preflights) {
  Deno.test(`isCorsPreflight() is ${is} for ${name}`, () => {
    const headers = names.map((key) => [key, "x"] as const);
    assert.equal(isCorsPreflight(request({ method, headers })), is);
  });
}
