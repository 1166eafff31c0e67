/** The rows of the Gateway API's tests for redirects, and what they leave out. */
import assert from "node:assert/strict";
import { redirectLocation } from "../../../src/decide/http/redirect.ts";
import type { HttpRequest } from "../../../src/model/http.ts";
import type { HttpRedirect } from "../../../src/model/http_filters.ts";
import { prefix, request } from "./routes.ts";

const replace = (value: string) => ({ kind: "prefix", value }) as const;
const full = (value: string) => ({ kind: "full", value }) as const;

interface Call {
  path?: string;
  port?: number;
  match?: string;
  asked?: Partial<HttpRequest>;
}

const rows: [
  name: string,
  redirect: Partial<HttpRedirect>,
  call: Call,
  location: string,
][] = [
  ["the host", { hostname: "example.org" }, {}, "http://example.org/"],
  ["the host, keeping path and query", { hostname: "example.org" }, {
    path: "/a/b?c=d",
  }, "http://example.org/a/b?c=d"],
  ["the host, keeping the port called", { hostname: "example.org" }, {
    port: 8080,
  }, "http://example.org:8080/"],
  [
    "nothing",
    {},
    { asked: { authority: "echo:8080" }, port: 8080 },
    "http://echo:8080/",
  ],
  ["nothing, naming the port called and not the client's", {}, {
    asked: { authority: "echo:999" },
  }, "http://echo/"],
  ["the port", { port: 8083 }, {}, "http://echo:8083/"],
  [
    "port and host",
    { port: 8083, hostname: "example.org" },
    {},
    "http://example.org:8083/",
  ],
  ["the port to 80", { port: 80 }, { port: 8080 }, "http://echo/"],
  ["the scheme", { scheme: "https" }, {}, "https://echo/"],
  ["scheme and host", { scheme: "https", hostname: "example.org" }, {
    port: 8080,
  }, "https://example.org/"],
  [
    "scheme and port",
    { scheme: "https", port: 8443 },
    {},
    "https://echo:8443/",
  ],
  ["scheme and port 443", { scheme: "https", port: 443 }, {}, "https://echo/"],
  ["scheme and port 80", { scheme: "https", port: 80 }, {}, "https://echo:80/"],
  ["http on port 443", { scheme: "http", port: 443 }, {}, "http://echo:443/"],
  ["http, from port 8080", { scheme: "http" }, { port: 8080 }, "http://echo/"],
  [
    "nothing of an https request",
    {},
    { asked: { scheme: "https" }, port: 443 },
    "https://echo/",
  ],
  ["nothing of a scheme that cannot be", {}, {
    asked: { scheme: "javascript" },
  }, "http://echo/"],
  ["a prefix", { path: replace("/replacement") }, {
    match: "/original",
    path: "/original/lemon",
  }, "http://echo/replacement/lemon"],
  [
    "a prefix and the host",
    { path: replace("/new"), hostname: "example.org" },
    { match: "/old", path: "/old?x=1" },
    "http://example.org/new?x=1",
  ],
  ["a prefix to the root", { path: replace("/") }, {
    match: "/old",
    path: "/old",
  }, "http://echo/"],
  [
    "the whole path",
    { path: full("/full/path") },
    { path: "/a/b?c" },
    "http://echo/full/path?c",
  ],
  [
    "an IPv6 host",
    {},
    { asked: { authority: "[fd00::1]:80" } },
    "http://[fd00::1]/",
  ],
  ["a path of a star", {}, { path: "*" }, "http://echo/"],
];
for (const [name, redirect, call, location] of rows) {
  Deno.test(`redirectLocation() changes ${name}`, () => {
    const { path = "/", port = 80, match = "", asked } = call;
    const context = { port, match: prefix(match) };
    assert.equal(
      redirectLocation(
        { status: 302, ...redirect },
        request(path, asked),
        context,
      ),
      location,
    );
  });
}
