/** The Gateway API's conformance tests of routes, without a cluster. */
import assert from "node:assert/strict";
import { GATEWAY_FEATURES } from "../../suites/gateway_features.ts";
import {
  GRPC_ECHO,
  GRPC_WEIGHTS,
  HTTP_WEIGHTS,
  MESH_ANSWERS,
} from "../../suites/mesh_answers.ts";
import { MESH_MATCHING } from "../../suites/mesh_matching.ts";
import type { Raw } from "../objects.ts";
import { ask, type Call, conforms } from "./route_conformance.ts";

for (const { all } of [MESH_MATCHING, MESH_ANSWERS, GATEWAY_FEATURES]) {
  all.forEach(conforms);
}

/** Who answers how many of 500 requests, with chances spread evenly. */
function shares(routes: readonly Raw[], call: Call) {
  const counts: Record<string, number> = {};
  for (let turn = 0; turn < 500; turn++) {
    const { by = "nobody" } = ask(routes, call, turn / 500);
    counts[by] = (counts[by] ?? 0) + 1;
  }
  return counts;
}

const WEIGHTED = {
  MeshHTTPRouteWeight: [HTTP_WEIGHTS, {}],
  MeshGRPCRouteWeight: [GRPC_WEIGHTS, GRPC_ECHO],
} as const;
for (const [name, [routes, call]] of Object.entries(WEIGHTED)) {
  Deno.test(`${name}: 70 to 30`, () => {
    assert.deepEqual(shares(routes, call), { "echo-v1": 350, "echo-v2": 150 });
  });
}
