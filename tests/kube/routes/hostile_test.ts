/** Routes of any content: never an exception, never a route that lets requests past itself. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { matchRoute } from "../../../src/decide/http/route.ts";
import { parseObject } from "../../../src/kube/parse.ts";
import { waypointConfig } from "../../../src/kube/waypoint_config.ts";
import { compileRoutes } from "../../decide/http/routes.ts";
import { parsed, raw } from "../objects.ts";
import { GATEWAY, keyOf, MESH, parent } from "./route_mesh.ts";

const mesh = parsed(...MESH);
const words = fc.constantFrom(
  "type",
  "name",
  "value",
  "Exact",
  "PathPrefix",
  "RegularExpression",
  "/",
  "/a",
  "(",
  "set",
  "add",
  "remove",
  "echo-v1",
  "GET",
  "5s",
  "CORS",
  "URLRewrite",
  "*",
);
/** Values that look enough like a route to get past the first checks. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    words,
    fc.integer({ min: -1, max: 600 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        "matches",
        "filters",
        "backendRefs",
        "timeouts",
        "retry",
        "path",
        "headers",
        "queryParams",
        "method",
        "type",
        "name",
        "value",
        "port",
        "weight",
        "cors",
        "requestRedirect",
        "urlRewrite",
        "requestMirror",
        "requestHeaderModifier",
        "request",
        "backendRef",
        "set",
        "allowOrigins",
        "service",
        "codes",
        "replacePrefixMatch",
      ),
      tie("value"),
      { maxKeys: 4 },
    ),
  ),
}));

for (const kind of ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"]) {
  Deno.test(`waypointConfig() takes any ${kind}, and decides by it`, () => {
    fc.assert(
      fc.property(value, fc.array(value, { maxLength: 3 }), (rules, list) => {
        for (const given of [rules, list]) {
          const object = parseObject(raw(kind, "mesh/r", {
            spec: { parentRefs: [parent("echo")], rules: given },
          }));
          assert.equal(object.kind, "object");
          if (object.kind !== "object") continue;
          const { routes, statuses } = waypointConfig(
            [...mesh, object.object],
            GATEWAY,
          );
          assert.equal(statuses.length, 1);
          assert.ok(routes.length > 0);
          const table = compileRoutes(routes);
          for (const { port } of routes) {
            const asked = {
              method: "GET",
              scheme: "http",
              authority: "x",
              path: "/a",
              headers: [],
            };
            const call = {
              service: keyOf("echo"),
              port,
              clientNamespace: undefined,
            };
            assert.notEqual(matchRoute(table, asked, call).kind, "no-routes");
          }
        }
      }),
      { numRuns: 150 },
    );
  });
}

Deno.test("waypointConfig() takes any DestinationRule and any ReferenceGrant", () => {
  fc.assert(
    fc.property(fc.dictionary(words, value), value, (spec, trafficPolicy) => {
      const objects = [
        raw("DestinationRule", "mesh/d", {
          spec: { host: "echo", ...spec, trafficPolicy },
        }),
        raw("ReferenceGrant", "mesh/g", {
          spec: { ...spec, from: trafficPolicy },
        }),
      ].map(parseObject);
      const kept = objects.flatMap((parsed) =>
        parsed.kind === "object" ? [parsed.object] : []
      );
      assert.equal(kept.length, 2);
      assert.equal(
        waypointConfig([...mesh, ...kept], GATEWAY).services.length,
        3,
      );
    }),
    { numRuns: 100 },
  );
});
