import assert from "node:assert/strict";
import { decideCors, parseOrigin } from "../../../src/decide/http/cors.ts";
import { headerOf } from "../../../src/decide/http/headers.ts";
import type { HeaderList, HttpRequest } from "../../../src/model/http.ts";
import type {
  CorsPolicy,
  OriginMatch,
} from "../../../src/model/http_filters.ts";
import { request } from "./routes.ts";

const at = (
  host: string,
  rest: Partial<{ scheme: string; port: number }> = {},
): OriginMatch => ({
  kind: "origin",
  scheme: "https",
  port: 443,
  ...rest,
  host: host.startsWith("*")
    ? { kind: "suffix", value: host.slice(1) }
    : { kind: "exact", value: host },
});

const policy = (rest: Partial<CorsPolicy> = {}): CorsPolicy => ({
  allowOrigins: [at("a.example")],
  allowCredentials: false,
  allowMethods: [],
  allowHeaders: [],
  exposeHeaders: [],
  maxAgeSeconds: 5,
  ...rest,
});
const from = (origin: string, rest: Partial<HttpRequest> = {}) =>
  request("/", { headers: [["origin", origin]], ...rest });
const preflight = (origin: string, more: HeaderList = []) =>
  from(origin, {
    method: "OPTIONS",
    headers: [
      ["origin", origin],
      ["access-control-request-method", "PUT"],
      ...more,
    ],
  });

const originRows: [
  name: string,
  allowed: OriginMatch[],
  origin: string,
  matches: boolean,
][] = [
  ["an equal origin", [at("a.example")], "https://a.example", true],
  ["the default port", [at("a.example")], "https://a.example:443", true],
  [
    "http's default port",
    [at("a", { scheme: "http", port: 80 })],
    "http://a:80",
    true,
  ],
  ["any case", [at("a.example")], "HTTPS://A.Example", true],
  ["not another port", [at("a.example")], "https://a.example:8443", false],
  ["not another scheme", [at("a.example")], "http://a.example", false],
  ["not another host", [at("a.example")], "https://b.example", false],
  ["not a longer host", [at("a.example")], "https://xa.example", false],
  ["hosts below a star", [at("*.example")], "https://a.b.example", true],
  [
    "not the host of a star itself",
    [at("*.example")],
    "https://example",
    false,
  ],
  [
    "not what only looks like it",
    [at("*.example")],
    "https://evil.example.org",
    false,
  ],
  ["any host of a scheme", [at("*")], "https://x.y", true],
  ["any origin", [{ kind: "any" }], "ftp://x:1", true],
  ["null for any origin", [{ kind: "any" }], "null", true],
  ["not null", [at("*")], "null", false],
  ["none of none", [], "https://a.example", false],
  ["not with user information", [at("*")], "https://u@a.example", false],
];
for (const [name, allowOrigins, origin, matches] of originRows) {
  Deno.test(`decideCors() allows ${name}`, () => {
    const decision = decideCors(policy({ allowOrigins }), from(origin));
    assert.equal(decision.kind, matches ? "actual" : "silent");
    const asked = decideCors(policy({ allowOrigins }), preflight(origin));
    assert.ok(asked.kind === "preflight");
    const allowed = headerOf(
      asked.reply.headers,
      "access-control-allow-origin",
    );
    assert.equal(allowed, matches ? origin : undefined);
  });
}

const HOME = "https://a.example";
const asksHeaders: HeaderList = [[
  "access-control-request-headers",
  "x-a, x-b",
]];
const preflightRows: [
  name: string,
  rest: Partial<CorsPolicy>,
  more: HeaderList,
  headers: HeaderList,
][] = [
  ["methods", { allowMethods: ["GET", "PUT"] }, [], [[
    "access-control-allow-methods",
    "GET, PUT",
  ]]],
  ["any method", { allowMethods: ["*"] }, [], [[
    "access-control-allow-methods",
    "*",
  ]]],
  [
    "the method asked for, with credentials",
    { allowMethods: ["*"], allowCredentials: true },
    [],
    [["access-control-allow-credentials", "true"], [
      "access-control-allow-methods",
      "PUT",
    ]],
  ],
  ["headers", { allowHeaders: ["x-a"] }, asksHeaders, [[
    "access-control-allow-headers",
    "x-a",
  ]]],
  ["any header", { allowHeaders: ["*"] }, asksHeaders, [[
    "access-control-allow-headers",
    "*",
  ]]],
  [
    "the headers asked for, with credentials",
    { allowHeaders: ["*"], allowCredentials: true },
    asksHeaders,
    [["access-control-allow-credentials", "true"], [
      "access-control-allow-headers",
      "x-a, x-b",
    ]],
  ],
  [
    "no headers, with credentials, when none is asked for",
    { allowHeaders: ["*"], allowCredentials: true },
    [],
    [["access-control-allow-credentials", "true"]],
  ],
];
for (const [name, rest, more, headers] of preflightRows) {
  Deno.test(`decideCors() tells ${name}`, () => {
    const decision = decideCors(policy(rest), preflight(HOME, more));
    assert.ok(decision.kind === "preflight");
    assert.deepEqual(decision.reply, {
      status: 200,
      headers: [
        ["content-length", "0"],
        ["access-control-allow-origin", HOME],
        ...headers,
        ["access-control-max-age", "5"],
        ["vary", "origin"],
      ],
      body: "",
      flag: "-",
    });
  });
}

Deno.test("decideCors() answers a preflight of a stranger without permission", () => {
  const decision = decideCors(policy(), preflight("https://b.example"));
  assert.ok(decision.kind === "preflight");
  assert.deepEqual(decision.reply.headers, [["content-length", "0"], [
    "vary",
    "origin",
  ]]);
});

Deno.test("decideCors() echoes an origin that any may be, with credentials", () => {
  const any = policy({
    allowOrigins: [{ kind: "any" }],
    allowCredentials: true,
  });
  const decision = decideCors(any, from(HOME));
  assert.ok(decision.kind === "actual");
  assert.deepEqual(decision.responseHeaders, {
    set: [
      ["access-control-allow-origin", HOME],
      ["access-control-allow-credentials", "true"],
    ],
    add: [["vary", "origin"]],
    remove: [],
  });
});

Deno.test("decideCors() exposes headers of the response", () => {
  const decision = decideCors(
    policy({ exposeHeaders: ["x-a", "x-b"] }),
    from(HOME),
  );
  assert.ok(decision.kind === "actual");
  assert.deepEqual(decision.responseHeaders.set.at(-1), [
    "access-control-expose-headers",
    "x-a, x-b",
  ]);
});

const silentRows: [name: string, asked: HttpRequest][] = [
  ["a request without an origin", request("/")],
  [
    "OPTIONS without an origin",
    request("/", {
      method: "OPTIONS",
      headers: [["access-control-request-method", "PUT"]],
    }),
  ],
];
for (const [name, asked] of silentRows) {
  Deno.test(`decideCors() says nothing to ${name}`, () => {
    assert.equal(decideCors(policy(), asked).kind, "silent");
  });
}

Deno.test("decideCors() takes OPTIONS without a method asked for as a call", () => {
  assert.equal(
    decideCors(policy(), from(HOME, { method: "OPTIONS" })).kind,
    "actual",
  );
});

const badOrigins = [
  "",
  "https://",
  "https://a/b",
  "https://a:x",
  "//a",
  `https://${"a".repeat(254)}`,
];
for (const text of badOrigins) {
  Deno.test(`parseOrigin() reads no origin in "${text.slice(0, 20)}"`, () => {
    assert.equal(parseOrigin(text), undefined);
  });
}
