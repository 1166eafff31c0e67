import assert from "node:assert/strict";
import type { HttpMatch } from "../../../src/model/http_route.ts";
import { match, named, request, route, rule, taken } from "./routes.ts";

const grpc = (
  service?: string,
  method?: string,
  kind: "exact" | "regex" = "exact",
): HttpMatch =>
  match({
    path: {
      kind: "grpc",
      ...service !== undefined && { service: { kind, value: service } },
      ...method !== undefined && { method: { kind, value: method } },
    },
  });
const grpcRoutes = (...matches: HttpMatch[]) => [
  route(
    "g",
    matches.map((wanted, index) => rule(`${index}`, [wanted])),
    { kind: "GRPCRoute" },
  ),
];

const grpcRows: [
  name: string,
  matches: HttpMatch[],
  path: string,
  index: string,
][] = [
  ["service and method", [grpc("a.B", "C")], "/a.B/C", "0"],
  ["another method", [grpc("a.B", "C")], "/a.B/D", "not-found"],
  ["a service alone", [grpc("a.B")], "/a.B/Any", "0"],
  ["a service that only begins so", [grpc("a.B")], "/a.Bc/Any", "not-found"],
  ["a method alone", [grpc(undefined, "C")], "/any/C", "0"],
  [
    "a path that is no gRPC call",
    [grpc(undefined, "C")],
    "/any/x/C",
    "not-found",
  ],
  ["anything", [grpc()], "/x", "0"],
  ["expressions", [grpc("a\\..*", "C|D", "regex")], "/a.B/D", "0"],
  ["expressions in full", [grpc("a", "C", "regex")], "/a.B/C", "not-found"],
  [
    "the longer service first",
    [grpc("a.*", undefined, "regex"), grpc("a.B")],
    "/a.B/C",
    "0",
  ],
  [
    "the service before the method",
    [grpc(undefined, "Long"), grpc("a")],
    "/a/Long",
    "1",
  ],
  ["the method within a service", [grpc("a"), grpc("a", "C")], "/a/C", "1"],
  [
    "a long expression before a method",
    [grpc("a", "C"), grpc("[a-z]", "C", "regex")],
    "/a/C",
    "1",
  ],
];
for (const [name, matches, path, index] of grpcRows) {
  Deno.test(`matchRoute() takes gRPC by ${name}`, () => {
    const post = request(path, { method: "POST" });
    assert.equal(taken(grpcRoutes(...matches), post), index);
  });
}

Deno.test("matchRoute() takes the gRPC match with more headers first", () => {
  const more = { ...grpc("a", "C"), headers: [named("x", "1")] };
  const asked = request("/a/C", { headers: [["x", "1"]] });
  assert.equal(taken(grpcRoutes(grpc("a", "C"), more), asked), "1");
});
