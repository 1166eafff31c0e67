import assert from "node:assert/strict";
import type { HttpMatch } from "../../../src/model/http_route.ts";
import type { Raw } from "../objects.ts";
import { refusalOf, ruleOf, rulesOf } from "./route_mesh.ts";

const any = { path: { kind: "prefix", value: "" }, headers: [], query: [] };
const rows: [name: string, wanted: Raw, match: Partial<HttpMatch>][] = [
  ["nothing", {}, {}],
  ["an exact path", { path: { type: "Exact", value: "/a/" } }, {
    path: { kind: "exact", value: "/a/" },
  }],
  ["a prefix without its last slash", {
    path: { type: "PathPrefix", value: "/a/" },
  }, {
    path: { kind: "prefix", value: "/a" },
  }],
  ["a path without a type as a prefix", { path: { value: "/a" } }, {
    path: { kind: "prefix", value: "/a" },
  }],
  ["an expression", { path: { type: "RegularExpression", value: "/a.*" } }, {
    path: { kind: "regex", value: "/a.*" },
  }],
  ["a method", { method: "PATCH" }, { method: "PATCH" }],
  ["a header in lower case", { headers: [{ name: "X-A", value: "B" }] }, {
    headers: [{ name: "x-a", match: { kind: "exact", value: "B" } }],
  }],
  ["the first of two headers of a name", {
    headers: [{ name: "a", value: "1" }, { name: "A", value: "2" }],
  }, { headers: [{ name: "a", match: { kind: "exact", value: "1" } }] }],
  ["a parameter as it is written", {
    queryParams: [{ type: "RegularExpression", name: "A", value: "b+" }],
  }, { query: [{ name: "A", match: { kind: "regex", value: "b+" } }] }],
];
for (const [name, wanted, match] of rows) {
  Deno.test(`waypointConfig() reads a match of ${name}`, () => {
    assert.deepEqual(ruleOf({ matches: [wanted] }).matches, [{
      ...any,
      ...match,
    }]);
  });
}

Deno.test("waypointConfig() matches everything by a rule without matches", () => {
  assert.deepEqual(ruleOf({}).matches, [any]);
  assert.deepEqual(ruleOf({}, "GRPCRoute").matches, [{
    ...any,
    path: { kind: "grpc" },
  }]);
});

const grpcRows: [name: string, wanted: Raw, path: unknown][] = [
  ["service and method", { service: "a.B", method: "C" }, {
    kind: "grpc",
    service: { kind: "exact", value: "a.B" },
    method: { kind: "exact", value: "C" },
  }],
  ["a service alone", { service: "a.B" }, {
    kind: "grpc",
    service: { kind: "exact", value: "a.B" },
  }],
  ["a method by expression", { type: "RegularExpression", method: "C.*" }, {
    kind: "grpc",
    method: { kind: "regex", value: "C.*" },
  }],
];
for (const [name, method, path] of grpcRows) {
  Deno.test(`waypointConfig() reads a gRPC match of ${name}`, () => {
    const [match] = ruleOf({ matches: [{ method }] }, "GRPCRoute").matches;
    assert.deepEqual(match?.path, path);
  });
}

/** Beside a match that is good, so that the rule still has one. */
const badRows: [name: string, wanted: Raw, why: string][] = [
  [
    "a path of an unknown type",
    { path: { type: "Glob", value: "/" } },
    'spec.rules[0].matches[0].path has the unknown type "Glob"',
  ],
  [
    "a path without a slash",
    { path: { value: "a" } },
    "spec.rules[0].matches[0].path does not begin with a slash",
  ],
  [
    "no expression",
    { path: { type: "RegularExpression", value: "(" } },
    "spec.rules[0].matches[0].path is no RE2 expression of 1024 characters at most",
  ],
  [
    "an expression that RE2 has not",
    { path: { type: "RegularExpression", value: "(?=a)" } },
    "spec.rules[0].matches[0].path is no RE2 expression of 1024 characters at most",
  ],
  [
    "a long expression",
    {
      headers: [{
        type: "RegularExpression",
        name: "a",
        value: "a".repeat(1_025),
      }],
    },
    "spec.rules[0].matches[0].headers[0] is no RE2 expression of 1024 characters at most",
  ],
  [
    "an unknown method",
    { method: "get" },
    "spec.rules[0].matches[0].method is no HTTP method",
  ],
  ["a parameter of an unknown type", {
    queryParams: [{ type: "X", name: "a", value: "b" }],
  }, 'spec.rules[0].matches[0].queryParams[0] has the unknown type "X"'],
];
for (const [name, wanted, why] of badRows) {
  Deno.test(`waypointConfig() fails a rule that matches by ${name}`, () => {
    const good = { path: { value: "/good" } };
    assert.equal(refusalOf({ matches: [wanted, good] }), why);
    assert.equal(ruleOf({ matches: [wanted, good] }).matches.length, 1);
    assert.deepEqual(rulesOf({ rules: [{ matches: [wanted] }] }), []);
  });
}

Deno.test("waypointConfig() fails a gRPC rule with a method that cannot be read", () => {
  const matches = [{ method: { type: "RegularExpression", service: "(" } }, {}];
  assert.ok(
    refusalOf({ matches }, "GRPCRoute")?.includes("method.service is no RE2"),
  );
});
