/** The services that routes are tested on, behind one waypoint. */
import assert from "node:assert/strict";
import type { HttpRoute, HttpRule } from "../../../src/model/http_route.ts";
import type { WaypointConfig } from "../../../src/model/waypoint_config.ts";
import {
  waypointConfig,
  type WaypointSettings,
} from "../../../src/kube/waypoint_config.ts";
import { parsed, type Raw, raw } from "../objects.ts";

export const GATEWAY = "mesh/waypoint";
export const keyOf = (name: string, namespace = "mesh"): string =>
  `${namespace}/${name}.${namespace}.svc.cluster.local`;

const PORTS = [
  { name: "http", port: 80, appProtocol: "http", targetPort: 8080 },
  { name: "http-alt", port: 8080, appProtocol: "http" },
  { name: "https", port: 443, appProtocol: "https", targetPort: 8443 },
  { name: "tcp", port: 9090, appProtocol: "tcp" },
  { name: "grpc", port: 7070, appProtocol: "grpc" },
  { name: "any", port: 6060 },
];

export const service = (name: string, rest: Raw = {}): Raw =>
  raw("Service", name, { spec: { ports: PORTS }, ...rest });

/** A waypoint in `mesh` that everybody may use, and three services behind it. */
export const MESH: readonly Raw[] = [
  raw("Namespace", "mesh", {
    metadata: { labels: { "istio.io/use-waypoint": "waypoint" } },
  }),
  raw("Gateway", GATEWAY, {
    metadata: { labels: { "istio.io/waypoint-for": "all" } },
    spec: {
      gatewayClassName: "istio-waypoint",
      listeners: [{
        name: "mesh",
        port: 15008,
        protocol: "HBONE",
        allowedRoutes: { namespaces: { from: "All" } },
      }],
    },
    status: { addresses: [{ type: "IPAddress", value: "10.96.0.15" }] },
  }),
  ...["echo", "echo-v1", "echo-v2"].map((name) => service(`mesh/${name}`)),
];

export const config = (
  objects: readonly Raw[],
  settings: Partial<WaypointSettings> = {},
): WaypointConfig =>
  waypointConfig(parsed(...MESH, ...objects), GATEWAY, settings);

export const parent = (name: string, rest: Raw = {}): Raw => ({
  group: "",
  kind: "Service",
  name,
  ...rest,
});

/** A route of `mesh` for all ports of `echo`, unless `spec` says otherwise. */
export const routeOf = (kind: string, spec: Raw, name = "mesh/r"): Raw =>
  raw(kind, name, { spec: { parentRefs: [parent("echo")], ...spec } });

export const httpRoute = (spec: Raw, name?: string): Raw =>
  routeOf("HTTPRoute", spec, name);

export const to = (name: string, rest: Raw = {}): Raw => ({
  name,
  port: 80,
  ...rest,
});

/** The rules of the only route of echo's port 80, of the kind that is asked for. */
export function rulesOf(
  spec: Raw,
  kind: HttpRoute["kind"] = "HTTPRoute",
): readonly HttpRule[] {
  const { routes } = config([routeOf(kind, spec)]);
  const found = routes.find(({ service, port }) =>
    service === keyOf("echo") && port === 80
  );
  assert.ok(found?.layer === "http");
  assert.equal(found.kind, kind);
  assert.equal(found.routes.length, 1);
  return found.routes[0]?.rules ?? [];
}

/** The one rule of a route with this one rule. */
export function ruleOf(rule: Raw, kind?: HttpRoute["kind"]): HttpRule {
  const [first, ...rest] = rulesOf({ rules: [rule] }, kind);
  assert.ok(first !== undefined && rest.length === 0);
  return first;
}

/** Why the one rule of a route cannot be done; undefined when it can. */
export function refusalOf(
  rule: Raw,
  kind?: HttpRoute["kind"],
): string | undefined {
  const { action } = ruleOf(rule, kind);
  return action.kind === "invalid" ? action.because : undefined;
}
