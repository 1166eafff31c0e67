/** Of the Gateway API's tests for gateways, those that say as much about a service's routes. */
import {
  at80,
  Cases,
  filter,
  path,
  v1,
  v2,
} from "../kube/routes/route_conformance.ts";
import { httpRoute, to } from "../kube/routes/route_mesh.ts";

export const GATEWAY_FEATURES = new Cases();

GATEWAY_FEATURES.add(
  "HTTPRouteMethodMatching, HTTPRoutePathMatchOrder, HTTPRouteHostRewrite",
  [
    httpRoute({
      ...at80,
      rules: [
        {
          matches: [{ method: "POST" }, {
            method: "GET",
            path: { value: "/path1" },
          }],
          ...v1,
        },
        { matches: [{ method: "GET" }], ...v2 },
        {
          matches: [
            { method: "PATCH", path: { value: "/path5" } },
            path("/match/exact/one", "Exact"),
          ],
          ...v1,
        },
        { matches: [path("/match/exact")], ...v2 },
        {
          matches: [path("/host")],
          filters: [filter("URLRewrite", { hostname: "one.example.org" })],
          ...v1,
        },
      ],
    }),
  ],
  [
    [{ method: "POST" }, { by: "echo-v1" }],
    [{ path: "/path1" }, { by: "echo-v1" }],
    [{}, { by: "echo-v2" }],
    [{ method: "HEAD" }, { status: 404 }],
    [{ method: "PATCH", path: "/path5" }, { by: "echo-v1" }],
    [{ path: "/match/exact/one" }, { by: "echo-v1" }],
    [{ path: "/match/exact/two" }, { by: "echo-v2" }],
    [{ path: "/host" }, { by: "echo-v1", sees: { host: "one.example.org" } }],
  ],
);

GATEWAY_FEATURES.add("HTTPRouteMatchingAcrossRoutes", [
  httpRoute({
    ...at80,
    rules: [{
      matches: [path("/"), { headers: [{ name: "version", value: "one" }] }],
      ...v1,
    }],
  }, "mesh/a"),
  httpRoute({
    ...at80,
    rules: [{
      matches: [path("/v2"), { headers: [{ name: "version", value: "two" }] }],
      ...v2,
    }],
  }, "mesh/b"),
], [
  [{ path: "/" }, { by: "echo-v1" }],
  [{ path: "/v2" }, { by: "echo-v2" }],
  [{ path: "/v2example" }, { by: "echo-v1" }],
  [{ headers: [["version", "two"]] }, { by: "echo-v2" }],
]);

GATEWAY_FEATURES.add(
  "HTTPRouteInvalidBackendRefUnknownKind, HTTPRouteInvalidNonExistentBackendRef",
  [
    httpRoute({
      ...at80,
      rules: [
        {
          matches: [path("/kind")],
          backendRefs: [{
            group: "unknown.example",
            kind: "X",
            name: "y",
            port: 80,
          }],
        },
        { matches: [path("/none")], backendRefs: [to("nobody")] },
        {
          matches: [path("/zero")],
          backendRefs: [to("echo-v1", { weight: 0 })],
        },
        { matches: [path("/empty")] },
      ],
    }),
  ],
  [
    [{ path: "/kind" }, { status: 500 }],
    [{ path: "/none" }, { status: 500 }],
    [{ path: "/zero" }, { status: 500 }],
    [{ path: "/empty" }, { status: 500 }],
  ],
);
