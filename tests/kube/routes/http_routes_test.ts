import assert from "node:assert/strict";
import type { HttpRule } from "../../../src/model/http_route.ts";
import type { Raw } from "../objects.ts";
import {
  config,
  httpRoute,
  keyOf,
  refusalOf,
  routeOf,
  ruleOf,
  rulesOf,
  to,
} from "./route_mesh.ts";

const rows: [name: string, rule: Raw, expected: Partial<HttpRule>][] = [
  ["a name", { name: "named" }, { name: "named" }],
  ["time limits", { timeouts: { request: "1h30m", backendRequest: "500ms" } }, {
    timeouts: { requestMs: 5_400_000, attemptMs: 500 },
  }],
  ["no time limit", { timeouts: { request: "0s", backendRequest: "9s" } }, {
    timeouts: { attemptMs: 9_000 },
  }],
  ["retries", {
    retry: { codes: [503, 500, 503], attempts: 3, backoff: "100ms" },
  }, {
    retry: { codes: [503, 500], attempts: 3, backoffMs: 100 },
  }],
  ["retries as they are by default", { retry: {} }, { retry: { codes: [] } }],
];
for (const [name, rule, expected] of rows) {
  Deno.test(`waypointConfig() reads a rule with ${name}`, () => {
    const { matches: _, filters: __, action: ___, ...rest } = ruleOf(rule);
    assert.deepEqual(rest, { timeouts: {}, ...expected });
  });
}

Deno.test("waypointConfig() fails a rule whose attempt may last longer than its request", () => {
  assert.equal(
    refusalOf({ timeouts: { request: "1s", backendRequest: "2s" } }),
    "spec.rules[0].timeouts has a longer backendRequest than request",
  );
});

Deno.test("waypointConfig() keeps the rules beside one that cannot be done", () => {
  const rules = rulesOf({
    rules: [{ filters: [{ type: "New" }] }, { backendRefs: [to("echo-v1")] }],
  });
  assert.deepEqual(rules.map(({ action }) => action.kind), [
    "invalid",
    "forward",
  ]);
});

const many = <T>(count: number, item: T): T[] => Array(count).fill(item);
const header = (index: number) => ({ name: `a${index}`, value: "1" });
const malformed: [name: string, spec: Raw, why: string][] = [
  ["17 rules", { rules: many(17, {}) }, "spec.rules: has over 16 entries"],
  [
    "65 matches in a rule",
    { rules: [{ matches: many(65, {}) }] },
    "spec.rules[0].matches: has over 64 entries",
  ],
  ["129 matches", {
    rules: [{ matches: many(64, {}) }, { matches: many(64, {}) }, {
      matches: [{}],
    }],
  }, "spec.rules: has over 128 matches"],
  ["17 headers in a match", {
    rules: [{ matches: [{ headers: many(17, 0).map((_, i) => header(i)) }] }],
  }, "spec.rules[0].matches[0].headers: has over 16 entries"],
  ["17 parameters in a match", {
    rules: [{
      matches: [{ queryParams: many(17, 0).map((_, i) => header(i)) }],
    }],
  }, "spec.rules[0].matches[0].queryParams: has over 16 entries"],
  [
    "17 filters",
    { rules: [{ filters: many(17, { type: "CORS" }) }] },
    "spec.rules[0].filters: has over 16 entries",
  ],
  [
    "17 backends",
    { rules: [{ backendRefs: many(17, to("echo-v1")) }] },
    "spec.rules[0].backendRefs: has over 16 entries",
  ],
  [
    "a weight over the limit",
    { rules: [{ backendRefs: [to("a", { weight: 1_000_001 })] }] },
    "spec.rules[0].backendRefs[0].weight: 1000001 is not a whole number from 0 to 1000000",
  ],
  [
    "a status that is no failure",
    { rules: [{ retry: { codes: [200] } }] },
    "spec.rules[0].retry.codes[0]: 200 is not a whole number from 400 to 599",
  ],
  [
    "a duration with a fraction",
    { rules: [{ timeouts: { request: "1.5s" } }] },
    'spec.rules[0].timeouts.request: "1.5s" is not a duration such as "10s"',
  ],
  [
    "a line break in a header",
    {
      rules: [{
        filters: [{
          type: "RequestHeaderModifier",
          requestHeaderModifier: { set: [{ name: "a", value: "b\r\nc: d" }] },
        }],
      }],
    },
    'spec.rules[0].filters[0].requestHeaderModifier.set[0].value: "b\\r\\nc: d" is not a header value',
  ],
  ["a header name that is none", {
    rules: [{ matches: [{ headers: [{ name: "a b", value: "c" }] }] }],
  }, 'spec.rules[0].matches[0].headers[0].name: "a b" is not a header name'],
  ["65 origins", {
    rules: [{
      filters: [{ type: "CORS", cors: { allowOrigins: many(65, "*") } }],
    }],
  }, "spec.rules[0].filters[0].cors.allowOrigins: has over 64 entries"],
  [
    "rules that are no list",
    { rules: {} },
    "spec.rules: a mapping is not a list",
  ],
];
for (const [name, spec, why] of malformed) {
  Deno.test(`waypointConfig() fails all requests of a route with ${name}`, () => {
    const [rule, ...others] = rulesOf(spec);
    assert.deepEqual(others, []);
    assert.deepEqual(rule?.matches, ruleOf({}).matches);
    assert.deepEqual(rule?.action, { kind: "invalid", because: why });
    const { warnings } = config([httpRoute(spec)]);
    assert.deepEqual(warnings, [`HTTPRoute "mesh/r": ${why}`]);
  });
}

Deno.test("waypointConfig() fails all calls of a GRPCRoute that cannot be read", () => {
  const [rule] = rulesOf({ rules: 1 }, "GRPCRoute");
  assert.deepEqual(rule?.matches[0]?.path, { kind: "grpc" });
  assert.equal(rule?.action.kind, "invalid");
});

Deno.test("waypointConfig() names what it does not support", () => {
  const { warnings } = config([httpRoute({
    useDefaultGateways: "All",
    rules: [{
      sessionPersistence: { type: "Cookie" },
      backendRefs: [to("echo-v1", { future: 1 })],
    }],
  })]);
  assert.deepEqual(
    warnings,
    [
      "spec.useDefaultGateways",
      "spec.rules[0].sessionPersistence",
      "spec.rules[0].backendRefs[0].future",
    ].map((path) =>
      `HTTPRoute "mesh/r": ${path} is not supported and does nothing`
    ),
  );
});

Deno.test("waypointConfig() reads backends with their weights", () => {
  const { action } = ruleOf({
    backendRefs: [to("echo-v1", { weight: 70 }), to("echo-v2", { port: 8080 })],
  });
  assert.deepEqual(action, {
    kind: "forward",
    backends: [
      {
        weight: 70,
        target: { kind: "service", service: keyOf("echo-v1"), port: 80 },
        filters: { mirrors: [] },
      },
      {
        weight: 1,
        target: { kind: "service", service: keyOf("echo-v2"), port: 8080 },
        filters: { mirrors: [] },
      },
    ],
  });
});

Deno.test("waypointConfig() takes the age of routes from their creation", () => {
  const aged = {
    ...routeOf("HTTPRoute", {}),
    metadata: {
      name: "r",
      namespace: "mesh",
      creationTimestamp: "2026-01-02T03:04:05Z",
    },
  };
  const [set] = config([aged]).routes;
  assert.equal(set?.routes[0]?.createdAtMs, Date.UTC(2026, 0, 2, 3, 4, 5));
  assert.equal(config([httpRoute({})]).routes[0]?.routes[0]?.createdAtMs, 0);
});
