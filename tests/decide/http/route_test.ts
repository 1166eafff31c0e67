import assert from "node:assert/strict";
import { matchRoute, matchStream } from "../../../src/decide/http/route.ts";
import type { RouteSet } from "../../../src/model/route_set.ts";
import {
  CALL,
  compileRoutes,
  exact,
  match,
  request,
  route,
  rule,
  set,
  stream,
  tls,
} from "./routes.ts";

const all = request("/v2/x");

const yes = [route("r", [rule("yes")])];
const scopeRows: [
  name: string,
  sets: RouteSet[],
  call: typeof CALL,
  expected: string,
][] = [
  ["no routes", [], CALL, "no-routes"],
  ["routes of another port", [set(yes, { port: 81 })], CALL, "no-routes"],
  [
    "routes of another service",
    [{ ...set(yes), service: "x" }],
    CALL,
    "no-routes",
  ],
  ["the routes of a port", [set(yes)], CALL, "rule"],
  ["routes without rules", [set([route("r", [])])], CALL, "not-found"],
  [
    "a consumer's routes",
    [set(yes, { clientNamespace: "client" })],
    CALL,
    "rule",
  ],
  [
    "another consumer's routes",
    [set(yes, { clientNamespace: "else" })],
    CALL,
    "no-routes",
  ],
];
for (const [name, sets, call, expected] of scopeRows) {
  Deno.test(`matchRoute() sees ${name}`, () => {
    assert.equal(matchRoute(compileRoutes(sets), all, call).kind, expected);
  });
}

Deno.test("matchRoute() sees a consumer's routes and nothing of the producer's", () => {
  const producer = route("p", [rule("producer")]);
  const consumer = route("c", [
    rule("consumer", [match({ path: exact("/c") })]),
  ]);
  const table = compileRoutes([
    set([producer]),
    set([consumer], { clientNamespace: "client" }),
  ]);
  const of = (path: string, clientNamespace: string | undefined) => {
    const found = matchRoute(table, request(path), {
      ...CALL,
      clientNamespace,
    });
    return found.kind === "rule" ? found.rule.name : found.kind;
  };
  assert.equal(of("/c", "client"), "consumer");
  assert.equal(of("/other", "client"), "not-found");
  assert.equal(of("/c", "elsewhere"), "producer");
  assert.equal(of("/c", undefined), "producer");
});

Deno.test("routes of one layer leave nothing to the other", () => {
  const table = compileRoutes([set(yes), tls(stream("a"))]);
  const secure = { ...CALL, port: 443 };
  assert.equal(matchStream(table, undefined, CALL).kind, "not-found");
  assert.equal(matchRoute(table, all, secure).kind, "not-found");
  assert.equal(
    matchStream(table, undefined, { ...CALL, port: 9 }).kind,
    "no-routes",
  );
  assert.equal(table.find(CALL)?.kind, "HTTPRoute");
  assert.equal(table.find(secure)?.kind, "TLSRoute");
  assert.equal(table.find({ ...CALL, port: 9 })?.kind, undefined);
});
