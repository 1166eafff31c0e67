import assert from "node:assert/strict";
import { headerOf } from "../../../src/decide/http/headers.ts";
import {
  planRequest,
  type RequestPlan,
} from "../../../src/decide/http/plan.ts";
import { DEFAULT_RETRY } from "../../../src/decide/http/retry.ts";
import type { HttpRequest } from "../../../src/model/http.ts";
import type {
  HeaderModifier,
  Mirror,
} from "../../../src/model/http_filters.ts";
import type { HttpAction, HttpRule } from "../../../src/model/http_route.ts";
import {
  backend,
  CALL,
  compileRoutes,
  ECHO,
  exact,
  filtered,
  match,
  prefix,
  request,
  route,
  rule,
  set,
} from "./routes.ts";

const plan = (
  rest: Partial<HttpRule>,
  asked: HttpRequest = request("/"),
  chance = 0,
): RequestPlan =>
  planRequest(
    compileRoutes([set([route("r", [rule("rule", rest.matches, rest)])])]),
    asked,
    CALL,
    () => chance,
  );
const forwarded = (...args: Parameters<typeof plan>) => {
  const made = plan(...args);
  assert.ok(made.kind === "forward", JSON.stringify(made));
  return made;
};
const replied = (...args: Parameters<typeof plan>) => {
  const made = plan(...args);
  assert.ok(made.kind === "reply");
  return made;
};
const to = (...backends: ReturnType<typeof backend>[]): HttpAction => ({
  kind: "forward",
  backends,
});
const sets = (name: string, value: string): HeaderModifier => ({
  set: [[name, value]],
  add: [],
  remove: [],
});

Deno.test("planRequest() sends a service's calls to itself when it has no routes", () => {
  const asked = request("/");
  assert.deepEqual(planRequest(compileRoutes([]), asked, CALL, () => 0), {
    kind: "forward",
    request: asked,
    target: { kind: "service", service: ECHO, port: 80 },
    mirrors: [],
    responseHeaders: [],
    timeouts: {},
    retry: DEFAULT_RETRY,
  });
});

Deno.test("planRequest() sends a request to the rule's backend", () => {
  const retry = { codes: [503], attempts: 1 };
  const made = forwarded({ timeouts: { requestMs: 9 }, retry });
  assert.equal(made.target.service, "rule");
  assert.deepEqual(made.source, {
    kind: "HTTPRoute",
    namespace: "mesh",
    name: "r",
    rule: "rule",
  });
  assert.deepEqual(made.timeouts, { requestMs: 9 });
  assert.deepEqual(made.retry.statuses, [503]);
});

Deno.test("planRequest() answers what no rule takes", () => {
  const made = replied({ matches: [match({ path: exact("/x") })] });
  assert.equal(made.reply.status, 404);
  assert.equal(made.source, undefined);
});

Deno.test("planRequest() answers what is too long to be matched", () => {
  const made = replied({}, request(`/${"a".repeat(40_000)}`));
  assert.equal(made.reply.status, 414);
  assert.ok(made.because?.includes("32768"));
});

const invalid = { kind: "invalid", because: "no such service" } as const;
const failures: [name: string, action: HttpAction, because: string][] = [
  ["a rule that cannot be done", invalid, "no such service"],
  ["a rule without backends", to(), "no backend has weight"],
  [
    "backends without weight",
    to(backend("a", { weight: 0 })),
    "no backend has weight",
  ],
  [
    "a backend that is not there",
    to(backend("", { target: invalid })),
    "no such service",
  ],
  [
    "a redirect that goes nowhere",
    { kind: "redirect" },
    "a redirect without its target",
  ],
];
for (const [name, action, because] of failures) {
  Deno.test(`planRequest() fails the requests of ${name}`, () => {
    const made = replied({ action });
    assert.equal(made.reply.status, 500);
    assert.equal(made.because, because);
    assert.equal(made.source?.name, "r");
  });
}

Deno.test("planRequest() fails the share of a backend that is not there", () => {
  const action = to(
    backend("a", { weight: 7 }),
    backend("", { weight: 3, target: invalid }),
  );
  assert.equal(plan({ action }, request("/"), 0.69).kind, "forward");
  assert.equal(plan({ action }, request("/"), 0.71).kind, "reply");
});

Deno.test("planRequest() applies the rule's filters, then the backend's", () => {
  const made = forwarded({
    filters: filtered({
      requestHeaders: sets("a", "rule"),
      responseHeaders: sets("b", "rule"),
      rewrite: { hostname: "first", path: { kind: "prefix", value: "/one" } },
    }),
    matches: [match({ path: prefix("/foo") })],
    action: to(backend("v2", {
      filters: filtered({
        requestHeaders: sets("a", "backend"),
        responseHeaders: sets("b", "backend"),
        rewrite: { hostname: "second" },
      }),
    })),
  }, request("/foo/bar?x"));
  assert.equal(made.request.path, "/one/bar?x");
  assert.equal(made.request.authority, "second");
  assert.deepEqual(made.request.headers, [["a", "backend"]]);
  assert.deepEqual(made.responseHeaders.map(({ set }) => set[0]?.[1]), [
    "backend",
    "rule",
  ]);
});

Deno.test("planRequest() gives headers the last word over a rewrite", () => {
  const made = forwarded({
    filters: filtered({
      requestHeaders: sets("host", "by-header"),
      rewrite: { hostname: "by-rewrite" },
    }),
  });
  assert.equal(made.request.authority, "by-header");
});

Deno.test("planRequest() redirects for a rule", () => {
  const made = replied({
    action: { kind: "redirect" },
    filters: filtered({ redirect: { hostname: "example.org", status: 301 } }),
  }, request("/a?b"));
  assert.deepEqual(made.reply, {
    status: 301,
    headers: [["content-length", "0"], ["location", "http://example.org/a?b"]],
    body: "",
    flag: "-",
  });
});

Deno.test("planRequest() redirects for the chosen backend alone", () => {
  const redirect = filtered({ redirect: { port: 8083, status: 302 } });
  const action = to(backend("a"), backend("b", { filters: redirect }));
  assert.equal(forwarded({ action }, request("/"), 0.4).target.service, "a");
  const { reply } = replied({ action }, request("/"), 0.6);
  assert.equal(headerOf(reply.headers, "location"), "http://echo:8083/");
});

Deno.test("planRequest() mirrors by chance, for the rule and the backend", () => {
  const mirror = (service: string, share: number): Mirror => ({
    target: { kind: "service", service, port: 80 },
    share,
  });
  const rest = {
    filters: filtered({ mirrors: [mirror("a", 1), mirror("b", 0.1)] }),
    action: to(
      backend("v1", { filters: filtered({ mirrors: [mirror("c", 1)] }) }),
    ),
  };
  const made = forwarded(rest, request("/"), 0.5);
  assert.deepEqual(made.mirrors.map(({ service }) => service), ["a", "c"]);
});

const cors = filtered({
  cors: {
    allowOrigins: [{ kind: "any" }],
    allowCredentials: false,
    allowMethods: ["GET"],
    allowHeaders: [],
    exposeHeaders: [],
    maxAgeSeconds: 5,
  },
});
const origin = ["origin", "https://a"] as const;

Deno.test("planRequest() answers a preflight and sends nothing on", () => {
  const headers = [origin, ["access-control-request-method", "GET"]] as const;
  const asked = request("/", { method: "OPTIONS", headers });
  assert.equal(replied({ filters: cors }, asked).reply.status, 200);
});

Deno.test("planRequest() has responses name the origin, also those of failures", () => {
  const asked = request("/", { headers: [origin] });
  const name = "access-control-allow-origin";
  const made = forwarded({ filters: cors }, asked);
  assert.equal(headerOf(made.responseHeaders[0]?.set ?? [], name), "https://a");
  const failed = replied({ filters: cors, action: invalid }, asked);
  assert.equal(failed.reply.status, 500);
  assert.equal(headerOf(failed.reply.headers, name), "https://a");
});

Deno.test("planRequest() tells a gRPC client of a missing backend as its route promises", () => {
  const headers = [["content-type", "application/grpc"]] as const;
  const routes = [
    route("g", [rule("r", undefined, { action: invalid })], {
      kind: "GRPCRoute",
    }),
  ];
  const made = planRequest(
    compileRoutes([set(routes)]),
    request("/", { headers }),
    CALL,
    () => 0,
  );
  assert.ok(made.kind === "reply");
  assert.equal(headerOf(made.reply.headers, "grpc-status"), "14");
});
