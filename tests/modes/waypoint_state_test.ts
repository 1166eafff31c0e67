import assert from "node:assert/strict";
import { packRoutes } from "../../src/decide/http/pack_routes.ts";
import { waypointState } from "../../src/modes/waypoint_state.ts";
import type { RouteSet } from "../../src/model/route_set.ts";
import {
  exact,
  match,
  prefix,
  regex,
  route,
  rule,
  set,
  stream,
  tls,
} from "../decide/http/routes.ts";

const stateOf = (sets: readonly RouteSet[]) =>
  waypointState({
    config: {
      gateway: "ns1/waypoint",
      services: [],
      workloads: [],
      upstreams: {},
      serviceAccounts: [],
    },
    routes: packRoutes(sets),
    policies: { gateway: [], services: {} },
    requestAuthentications: { gateway: [], services: {} },
    pathNormalization: "BASE",
  }, { statuses: [], warnings: ["one"] });

Deno.test("waypointState() has the matches of each port by precedence", () => {
  const routes = [
    route("a", [
      rule("prefix", [match({ path: prefix("/x") })]),
      rule("expression", [match({ path: regex("/x.*") })]),
    ]),
    route("b", [rule("exact", [match({ path: exact("/x") })])]),
  ];
  const [first, second] = stateOf([
    set(routes),
    set(routes.slice(1), { port: 81, clientNamespace: "shop" }),
  ]).routes;
  assert.ok(first?.layer === "http" && second?.layer === "http");
  const namesOf = ({ matches }: typeof first) =>
    matches.map(({ route, ruleIndex }) => [
      route.name,
      ruleIndex,
      route.rules[ruleIndex]?.name,
    ]);
  assert.deepEqual(namesOf(first), [
    ["b", 0, "exact"],
    ["a", 0, "prefix"],
    ["a", 1, "expression"],
  ]);
  assert.deepEqual(namesOf(second), [["b", 0, "exact"]]);
  assert.equal(second.clientNamespace, "shop");
});

Deno.test("waypointState() has the routes of streams by age", () => {
  const young = stream("a", ["x"], { createdAtMs: 2 });
  const old = stream("b", ["x"], { createdAtMs: 1 });
  const [scope] = stateOf([tls(young, old)]).routes;
  assert.ok(scope?.layer === "stream");
  assert.deepEqual(scope.routes.map(({ name }) => name), ["b", "a"]);
});

Deno.test("waypointState() has what was found beside its orders", () => {
  assert.deepEqual(stateOf([]).config.warnings, ["one"]);
  assert.equal(stateOf([]).config.gateway, "ns1/waypoint");
});
