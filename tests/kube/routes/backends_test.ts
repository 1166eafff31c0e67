import assert from "node:assert/strict";
import type { BackendTarget } from "../../../src/model/backend.ts";
import type { WaypointSettings } from "../../../src/kube/waypoint_config.ts";
import { type Raw, raw } from "../objects.ts";
import { config, httpRoute, keyOf, parent, service, to } from "./route_mesh.ts";

const others = [
  service("other/cart"),
  raw("ServiceEntry", "mesh/ext", {
    spec: {
      hosts: ["api.example.org"],
      ports: [{ number: 443, name: "https" }],
    },
  }),
  raw("Service", "mesh/dns", {
    spec: { type: "ExternalName", externalName: "a.b", ports: [{ port: 80 }] },
  }),
];

/** The target of one reference of a route of `mesh`. */
function targetOf(
  ref: Raw,
  objects: readonly Raw[] = [],
  settings: Partial<WaypointSettings> = {},
  spec: Raw = {},
  name?: string,
): BackendTarget {
  const route = httpRoute({ rules: [{ backendRefs: [ref] }], ...spec }, name);
  const { routes: [set] } = config([...others, ...objects, route], settings);
  assert.ok(set?.layer === "http");
  const action = set.routes[0]?.rules[0]?.action;
  assert.ok(action?.kind === "forward");
  return action.backends[0]!.target;
}

const target = (service: string, port = 80) => ({
  kind: "service",
  service,
  port,
});
const hostname = (name: string, rest: Raw = {}) => ({
  group: "networking.istio.io",
  kind: "Hostname",
  name,
  port: 80,
  ...rest,
});

const good: [name: string, ref: Raw, expected: unknown][] = [
  [
    "a Service of the route's namespace",
    to("echo-v1"),
    target(keyOf("echo-v1")),
  ],
  [
    "a Service of another namespace",
    to("cart", { namespace: "other" }),
    target(keyOf("cart", "other")),
  ],
  [
    "a Service of the group core",
    to("echo-v1", { group: "core" }),
    target(keyOf("echo-v1")),
  ],
  [
    "a host name",
    hostname("API.example.org", { port: 443 }),
    target("mesh/api.example.org", 443),
  ],
  [
    "a host name in another namespace",
    hostname("cart.other.svc.cluster.local"),
    target(keyOf("cart", "other")),
  ],
];
for (const [name, ref, expected] of good) {
  Deno.test(`waypointConfig() finds ${name}`, () => {
    assert.deepEqual(targetOf(ref), expected);
  });
}

const AT = "spec.rules[0].backendRefs[0]";
const bad: [name: string, ref: Raw, because: string, reason: string][] = [
  ["nothing", to("nobody"), 'names no service: "nobody"', "BackendNotFound"],
  ["an ExternalName", to("dns"), 'names no service: "dns"', "BackendNotFound"],
  ["no port", { name: "echo-v1" }, "has no port", "BackendNotFound"],
  [
    "a port that is not there",
    to("echo-v1", { port: 81 }),
    `names port 81, which "echo-v1.mesh.svc.cluster.local" has not`,
    "BackendNotFound",
  ],
  [
    "another kind",
    to("echo-v1", { kind: "Pod" }),
    "has the kind Pod, not Service",
    "InvalidKind",
  ],
  [
    "another group",
    to("a", { group: "x.io", kind: "Service" }),
    "has the kind x.io/Service, not Service",
    "InvalidKind",
  ],
];
for (const [name, ref, because, reason] of bad) {
  Deno.test(`waypointConfig() fails the share of a backend that names ${name}`, () => {
    assert.deepEqual(targetOf(ref), {
      kind: "invalid",
      because: `${AT} ${because}`,
    });
    const { statuses } = config([
      ...others,
      httpRoute({ rules: [{ backendRefs: [ref] }] }),
    ]);
    assert.deepEqual(statuses[0]?.parents[0]?.conditions, [
      { type: "Accepted", status: "True", reason: "Accepted", message: "" },
      {
        type: "ResolvedRefs",
        status: "False",
        reason,
        message: `${AT} ${because}`,
      },
    ]);
  });
}

const required = { referenceGrants: "required" } as const;
const far = to("cart", { namespace: "other" });
const grant = (from: Raw, toward: Raw, namespace = "other") =>
  raw("ReferenceGrant", `${namespace}/g`, {
    spec: {
      from: [{
        group: "gateway.networking.k8s.io",
        kind: "HTTPRoute",
        namespace: "mesh",
        ...from,
      }],
      to: [{ group: "", kind: "Service", ...toward }],
    },
  });
const grantRows: [name: string, objects: Raw[], granted: boolean][] = [
  ["nothing", [], false],
  ["a grant for all Services", [grant({}, {})], true],
  ["a grant for that Service", [grant({}, { name: "cart" })], true],
  ["a grant for another Service", [grant({}, { name: "desk" })], false],
  [
    "a grant for another kind of route",
    [grant({ kind: "GRPCRoute" }, {})],
    false,
  ],
  ["a grant from another namespace", [grant({ namespace: "x" }, {})], false],
  ["a grant in another namespace", [grant({}, {}, "mesh")], false],
  ["a grant that cannot be read", [
    raw("ReferenceGrant", "other/g", { spec: { from: 1 } }),
  ], false],
];
for (const [name, objects, granted] of grantRows) {
  Deno.test(`waypointConfig() looks at ${name} where grants are required`, () => {
    const expected = granted ? target(keyOf("cart", "other")) : {
      kind: "invalid",
      because: `${AT} is not allowed by a ReferenceGrant`,
    };
    assert.deepEqual(targetOf(far, objects, required), expected);
    const byName = hostname("cart.other.svc.cluster.local");
    assert.equal(targetOf(byName, objects, required).kind, "invalid");
  });
}

Deno.test("waypointConfig() needs no grant for the parent itself", () => {
  const spec = { parentRefs: [parent("echo", { namespace: "mesh" })] };
  const ref = to("echo", { namespace: "mesh" });
  assert.deepEqual(
    targetOf(ref, [], required, spec, "consumer/r"),
    target(keyOf("echo")),
  );
});
