import assert from "node:assert/strict";
import { matchRoute } from "../../../src/decide/http/route.ts";
import type { HttpMatch, HttpRoute } from "../../../src/model/http_route.ts";
import {
  CALL,
  compileRoutes,
  exact,
  match,
  named,
  prefix,
  regex,
  request,
  route,
  rule,
  set,
  taken,
} from "./routes.ts";

const header = [named("version", "two")];
const query = [named("animal", "whale")];
const all = request("/v2/x?animal=whale", {
  headers: [["version", "two"], ["other", "x"]],
});
/** The first of two matches goes before the second, in whatever order they are given. */
const precedenceRows: [
  name: string,
  first: Partial<HttpMatch>,
  second: Partial<HttpMatch>,
][] = [
  ["an exact path before a prefix", { path: exact("/v2/x") }, {
    path: prefix("/v2/x"),
    method: "GET",
    headers: header,
  }],
  ["a longer prefix before a shorter", { path: prefix("/v2/x") }, {
    path: prefix("/v2"),
    method: "GET",
    headers: header,
    query,
  }],
  ["a prefix before an expression", { path: prefix("") }, {
    path: regex("/v2/x"),
    method: "GET",
    headers: header,
    query,
  }],
  ["a longer expression before a shorter", { path: regex("/v2/[x]") }, {
    path: regex("/v2/x"),
    method: "GET",
  }],
  ["a method before headers", { method: "GET" }, { headers: header }],
  ["more headers before fewer", {
    headers: [...header, named("other", "x")],
  }, { headers: header, query }],
  ["headers before parameters", { headers: header }, { query }],
  ["parameters before none", { query }, {}],
];
for (const [name, first, second] of precedenceRows) {
  for (const order of ["given", "turned round"]) {
    Deno.test(`matchRoute() takes ${name}, ${order}`, () => {
      const rules = [
        rule("first", [match(first)]),
        rule("second", [match(second)]),
      ];
      if (order === "turned round") rules.reverse();
      assert.equal(taken([route("r", rules)], all), "first");
      const routes = rules.map((only, index) => route(`r${index}`, [only]));
      assert.equal(taken(routes, all), "first");
    });
  }
}

const ageRows: [name: string, a: Partial<HttpRoute>, b: Partial<HttpRoute>][] =
  [
    ["the older route", { createdAtMs: 1, name: "z" }, {
      createdAtMs: 2,
      name: "a",
    }],
    ["a route without a time", { name: "z" }, { createdAtMs: 1, name: "a" }],
    ["the first by namespace", { namespace: "a", name: "z" }, {
      namespace: "b",
      name: "a",
    }],
    ["the first by name", { name: "a" }, { name: "b" }],
  ];
for (const [name, a, b] of ageRows) {
  Deno.test(`matchRoute() takes ${name} first`, () => {
    const first = route("r", [rule("first")], a);
    const second = route("r", [rule("second")], b);
    assert.equal(taken([first, second], all), "first");
    assert.equal(taken([second, first], all), "first");
  });
}

Deno.test("matchRoute() takes the first rule, then the first match", () => {
  const first = match({ headers: [named("version", "two")] });
  const second = match({ headers: [named("other", "x")] });
  const rules = [rule("one", [first, second]), rule("two", [first])];
  const found = matchRoute(
    compileRoutes([set([route("r", rules)])]),
    all,
    CALL,
  );
  assert.ok(found.kind === "rule");
  assert.equal(found.rule.name, "one");
  assert.deepEqual(found.match, first);
});

Deno.test("matchRoute() ranks each match of a rule by itself", () => {
  const routes = [route("r", [
    rule("wide", [match(), match({ path: prefix("/v2/x") })]),
    rule("middle", [match({ path: prefix("/v2") })]),
  ])];
  assert.equal(taken(routes, request("/v2/x")), "wide");
  assert.equal(taken(routes, request("/v2/y")), "middle");
  assert.equal(taken(routes, request("/z")), "wide");
});
