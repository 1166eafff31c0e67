import assert from "node:assert/strict";
import { packRoutes } from "../../../src/decide/http/pack_routes.ts";
import {
  openRoute,
  type PackedRoutes,
} from "../../../src/decide/http/packed_routes.ts";
import { OpenedRoutes } from "../../../src/decide/http/route_index.ts";
import type { HttpRoute } from "../../../src/model/http_route.ts";
import {
  backend,
  exact,
  filtered,
  match,
  named,
  prefix,
  regex,
  route,
  rule,
  set,
  stream,
  tls,
} from "./routes.ts";

const rows: [name: string, route: HttpRoute][] = [
  ["a plain one", route("r", [rule("one")])],
  ["one without rules", route("r", [])],
  [
    "a young GRPCRoute",
    route("r", [
      rule("", [
        match({ path: { kind: "grpc", service: named("", "s").match } }),
      ]),
    ], { kind: "GRPCRoute", createdAtMs: 1_700_000_000_000 }),
  ],
  [
    "matches of everything",
    route("r", [
      rule("", [
        match({
          path: regex("/\\w+"),
          method: "GET",
          headers: [named("a", "1")],
          query: [named("b", "2")],
        }),
        match(),
      ]),
    ]),
  ],
  [
    "all that a rule does",
    route("r", [
      rule("", [match()], {
        filters: filtered({
          rewrite: { path: { kind: "full", value: "/x" } },
          mirrors: [{ target: backend("m").target, share: 0.5 }],
        }),
        timeouts: { requestMs: 1 },
        retry: { codes: [503], attempts: 2 },
      }),
      rule("", [match()], { action: { kind: "invalid", because: "why" } }),
    ]),
  ],
  [
    "texts beyond Latin-1",
    route("ÿ", [
      rule("", [match({ path: prefix('/日本/😀"\\\u2028/\ud800') })]),
    ]),
  ],
];
for (const [name, given] of rows) {
  Deno.test(`openRoute() gives back ${name}`, () => {
    assert.deepEqual(openRoute(packRoutes([set([given])]), 0), given);
  });
}

Deno.test("openRoute() tells routes apart", () => {
  const routes = rows.map(([, route], at) => ({ ...route, name: `r${at}` }));
  const packed = packRoutes([set(routes)]);
  for (const [at, route] of routes.entries()) {
    assert.deepEqual(openRoute(packed, at), route);
  }
});

Deno.test("packRoutes() gives texts of one octet a character", () => {
  const { routes, effects } = packRoutes([set(rows.map(([, route]) => route))]);
  assert.doesNotMatch(routes.text + effects.text, /[^\0-\xff]/);
});

Deno.test("packRoutes() packs once what scopes and rules have in common", () => {
  const routes = Array.from(
    { length: 100 },
    (_, at) =>
      route(`r${at}`, [rule("same", [match({ path: exact(`/${at}`) })])]),
  );
  const packed = packRoutes([
    set(routes),
    set([...routes], { port: 81 }),
    set(routes.slice(1), { port: 82 }),
  ]);
  assert.equal(packed.routes.ends.length, 100);
  assert.equal(packed.effects.ends.length, 1);
  const [first, second, third] = packed.scopes.map(indexOf);
  assert.equal(second, first);
  assert.equal(first?.hashes.length, 100);
  assert.equal(third?.hashes.length, 99);
});

const indexOf = (scope: PackedRoutes["scopes"][number]) =>
  scope.layer === "http" ? scope.index : undefined;

Deno.test("packRoutes() leaves routes of streams as they are", () => {
  const given = tls(stream("a", ["a.b"]));
  assert.deepEqual(packRoutes([given]).scopes, [given]);
});

Deno.test("packRoutes() numbers matches by their rank, also in a copy", () => {
  const packed = packRoutes([
    set([
      route("r", [
        rule("all", [match(), match({ path: exact("/a") })]),
        rule("some", [match({ path: prefix("/a/b") })]),
      ]),
    ]),
    set([route("s", [rule("own", [match({ path: prefix("/a") })])])], {
      port: 81,
    }),
  ]);
  const opened = new OpenedRoutes(structuredClone(packed));
  const ranked = [0, 1, 2, 3].map((id) => opened.candidate(id));
  assert.deepEqual(
    ranked.map(({ rule, match: { path }, ruleIndex }) => [
      rule.name,
      path.kind === "grpc" ? "" : path.value,
      ruleIndex,
    ]),
    [["all", "/a", 0], ["some", "/a/b", 1], ["own", "/a", 0], ["all", "", 0]],
  );
});
