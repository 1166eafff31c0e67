import assert from "node:assert/strict";
import type { HttpRequest } from "../../../src/model/http.ts";
import type { HttpMatch } from "../../../src/model/http_route.ts";
import {
  exact,
  match,
  named,
  prefix,
  regex,
  request,
  route,
  rule,
  taken,
} from "./routes.ts";

const one = (wanted: Partial<HttpMatch>) => [
  route("r", [rule("yes", [match(wanted)])]),
];

const matchRows: [
  name: string,
  wanted: Partial<HttpMatch>,
  asked: HttpRequest,
  matches: boolean,
][] = [
  ["takes an equal path", { path: exact("/foo") }, request("/foo"), true],
  ["tells /foo from /foo/", { path: exact("/foo") }, request("/foo/"), false],
  ["tells cases apart", { path: exact("/foo") }, request("/Foo"), false],
  ["leaves the query out", { path: exact("/foo") }, request("/foo?a=b"), true],
  ["takes a prefix itself", { path: prefix("/abc") }, request("/abc"), true],
  [
    "takes a prefix with a slash",
    { path: prefix("/abc") },
    request("/abc/"),
    true,
  ],
  [
    "takes what is below a prefix",
    { path: prefix("/abc") },
    request("/abc/d"),
    true,
  ],
  ["tells segments apart", { path: prefix("/abc") }, request("/abcd"), false],
  [
    "takes a prefix before a query",
    { path: prefix("/abc") },
    request("/abc?d"),
    true,
  ],
  ["takes all below the root", {}, request("/any/thing"), true],
  [
    "takes OPTIONS * at the root",
    {},
    request("*", { method: "OPTIONS" }),
    true,
  ],
  [
    "takes a deep prefix",
    { path: prefix("/a/b/c") },
    request("/a/b/c/d"),
    true,
  ],
  ["misses a deep prefix", { path: prefix("/a/b/c") }, request("/a/b"), false],
  [
    "takes a path by expression",
    { path: regex("/v[0-9]+/.*") },
    request("/v12/x"),
    true,
  ],
  [
    "matches expressions in full",
    { path: regex("/v[0-9]+") },
    request("/v12/x"),
    false,
  ],
  [
    "takes no expression that is none",
    { path: regex("/(") },
    request("/("),
    false,
  ],
  [
    "takes a method",
    { method: "POST" },
    request("/", { method: "POST" }),
    true,
  ],
  ["tells methods apart", { method: "POST" }, request("/"), false],
  [
    "takes a header",
    { headers: [named("version", "one")] },
    request("/", { headers: [["version", "one"]] }),
    true,
  ],
  [
    "tells header values apart",
    { headers: [named("version", "one")] },
    request("/", { headers: [["version", "One"]] }),
    false,
  ],
  [
    "misses a header",
    { headers: [named("version", "one")] },
    request("/"),
    false,
  ],
  [
    "wants all headers",
    { headers: [named("a", "1"), named("b", "2")] },
    request("/", { headers: [["a", "1"]] }),
    false,
  ],
  [
    "joins the fields of a header",
    { headers: [named("a", "1,2")] },
    request("/", { headers: [["a", "1"], ["b", "x"], ["a", "2"]] }),
    true,
  ],
  [
    "takes the authority as host",
    { headers: [named("host", "echo")] },
    request("/"),
    true,
  ],
  [
    "takes a header by expression",
    {
      headers: [{ name: "a", match: { kind: "regex", value: "1.*" } }],
    },
    request("/", { headers: [["a", "123"]] }),
    true,
  ],
  [
    "matches header expressions in full",
    {
      headers: [{ name: "a", match: { kind: "regex", value: "1" } }],
    },
    request("/", { headers: [["a", "123"]] }),
    false,
  ],
  [
    "takes a query parameter",
    { query: [named("animal", "whale")] },
    request("/?animal=whale"),
    true,
  ],
  [
    "takes any of several parameters",
    { query: [named("animal", "whale")] },
    request("/?a&animal=whale&b=c"),
    true,
  ],
  [
    "wants all parameters",
    { query: [named("a", "1"), named("b", "2")] },
    request("/?a=1&b=3"),
    false,
  ],
  [
    "tells names of parameters apart",
    { query: [named("Animal", "whale")] },
    request("/?animal=whale"),
    false,
  ],
  [
    "looks at the first of equal parameters",
    { query: [named("a", "2")] },
    request("/?a=1&a=2"),
    false,
  ],
  [
    "takes a parameter without a value",
    { query: [named("a", "")] },
    request("/?a"),
    true,
  ],
  [
    "leaves a fragment out of the query",
    { query: [named("a", "1")] },
    request("/?a=1#x"),
    true,
  ],
  [
    "takes a parameter by expression",
    {
      query: [{ name: "a", match: { kind: "regex", value: "w.*e" } }],
    },
    request("/?a=whale"),
    true,
  ],
];
for (const [name, wanted, asked, matches] of matchRows) {
  Deno.test(`matchRoute() ${name}`, () => {
    assert.equal(taken(one(wanted), asked), matches ? "yes" : "not-found");
  });
}

const LONG = 32_768;
const limitRows: [name: string, path: string, expected: string][] = [
  ["a path of the greatest length", `/${"a".repeat(LONG - 1)}`, "yes"],
  ["a longer path", `/${"a".repeat(LONG)}`, "refused"],
  ["a path of slashes", "/".repeat(LONG), "yes"],
  ["a query of 1,000 parameters", `/?${"a&".repeat(999)}`, "yes"],
  ["a query of 1,001 parameters", `/?${"a&".repeat(1_000)}`, "refused"],
];
for (const [name, path, expected] of limitRows) {
  Deno.test(`matchRoute() answers for ${name}`, () => {
    const routes = one({ query: [] });
    assert.equal(taken(routes, request(path)), expected);
  });
}
