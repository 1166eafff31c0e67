import assert from "node:assert/strict";
import { MatchedRequest } from "../../../src/decide/http/matched_request.ts";
import { packRoutes } from "../../../src/decide/http/pack_routes.ts";
import {
  HttpIndex,
  OpenedRoutes,
} from "../../../src/decide/http/route_index.ts";
import type { HttpRoute, PathMatch } from "../../../src/model/http_route.ts";
import {
  exact,
  match,
  named,
  prefix,
  regex,
  request,
  route,
  rule,
  set,
} from "./routes.ts";

/** Counts how many matches get as far as their header. */
class Counted extends MatchedRequest {
  asked = 0;
  override header(name: string): string | undefined {
    this.asked++;
    return super.header(name);
  }
}

function indexOf(routes: readonly HttpRoute[]): HttpIndex {
  const packed = packRoutes([set(routes)]);
  const [scope] = packed.scopes;
  assert.ok(scope?.layer === "http");
  return new HttpIndex(scope.index, new OpenedRoutes(packed));
}

const kinds: [name: string, path: (index: number) => PathMatch][] = [
  ["exact paths", (index) => exact(`/p${index}/x`)],
  ["prefixes", (index) => prefix(`/p${index}`)],
  ["gRPC methods", (index) => ({
    kind: "grpc",
    service: { kind: "exact", value: `p${index}` },
    method: { kind: "exact", value: "x" },
  })],
  ["gRPC services", (index) => ({
    kind: "grpc",
    service: { kind: "exact", value: `p${index}` },
  })],
];
for (const [name, path] of kinds) {
  Deno.test(`HttpIndex asks one match of 5,000 routes by ${name}`, () => {
    const index = indexOf(
      Array.from({ length: 5_000 }, (_, at) =>
        route(`r${at}`, [
          rule("", [match({ path: path(at), headers: [named("a", "1")] })]),
        ])),
    );
    const hit = new Counted(request("/p77/x", { headers: [["a", "1"]] }));
    assert.equal(index.find(hit)?.route.name, "r77");
    assert.equal(hit.asked, 1);
    const miss = new Counted(request("/q/x"));
    assert.equal(index.find(miss), undefined);
    assert.equal(miss.asked, 0);
  });
}

Deno.test("HttpIndex finds each of many routes, also those that were let go", () => {
  const names = Array.from({ length: 3_000 }, (_, at) => `r${at}`);
  const index = indexOf(
    names.map((name) =>
      route(name, [
        rule(name, [match({ path: prefix(`/${name}`) })]),
        rule(`${name} too`, [match({ path: exact(`/x/${name}`) })]),
      ])
    ),
  );
  const find = (path: string) => {
    const found = index.find(new MatchedRequest(request(path)));
    return found && `${found.route.name}: ${found.rule.name}`;
  };
  for (const _round of [1, 2]) {
    for (const name of names) {
      assert.equal(find(`/${name}/more`), `${name}: ${name}`);
      assert.equal(find(`/x/${name}`), `${name}: ${name} too`);
    }
  }
});

Deno.test("HttpIndex compiles an expression once, however many there are", () => {
  const index = indexOf(
    Array.from(
      { length: 3_000 },
      (_, at) =>
        route(`r${at}`, [rule("", [match({ path: regex(`/${at}/.*`) })])]),
    ),
  );
  const find = () => index.find(new MatchedRequest(request("/2999/x")));
  const [first, second] = [find(), find()];
  assert.equal(first?.route.name, "r2999");
  assert.equal(second, first);
});

Deno.test("HttpIndex looks no further into a path than its prefixes reach", () => {
  const index = indexOf([
    route("r", [rule("", [match({ path: prefix("/a//b") })])]),
  ]);
  const find = (path: string) =>
    index.find(new MatchedRequest(request(path))) !== undefined;
  assert.equal(find(`/a//b${"/".repeat(30_000)}`), true);
  assert.equal(find(`/a//bc${"/".repeat(30_000)}`), false);
  assert.equal(find(`/a//`), false);
});
