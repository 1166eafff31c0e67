import assert from "node:assert/strict";
import { toConfigDump } from "../../src/admin/config_dump.ts";
import { sortedJson } from "../../src/admin/json.ts";
import { DUMP } from "./fixtures.ts";
import { CART, ROW, SECRET } from "./waypoint_row.ts";

const text = sortedJson(toConfigDump({ ...DUMP, waypoint: ROW }));
const { waypoint } = JSON.parse(text).hairpin;

Deno.test("dump of a waypoint shows its routes in the order in which they are asked", () => {
  assert.deepEqual(waypoint.routes, [
    {
      service: CART,
      port: 80,
      kind: "HTTPRoute",
      rules: [
        {
          route: "shop/cart",
          rule: 0,
          name: "buy",
          match: {
            path: { kind: "prefix", value: "/buy" },
            method: "POST",
            headers: [
              { name: "x-user", kind: "exact", value: "ann" },
              { name: "x-api-key", kind: "exact", value: "<hidden>" },
            ],
            query: [],
          },
          filters: ["mirrors", "requestHeaders"],
          backends: [
            { service: CART, port: 80, weight: 3, filters: ["rewrite"] },
            { invalid: "no Service", weight: 1, filters: [] },
          ],
          timeouts: { requestMs: 1_000 },
          retry: { codes: [503] },
        },
        {
          route: "shop/cart",
          rule: 1,
          match: {
            path: { kind: "grpc", service: { kind: "exact", value: "a.B" } },
            headers: [],
            query: [],
          },
          filters: ["redirect"],
          backends: [],
        },
      ],
    },
    {
      service: CART,
      port: 81,
      clientNamespace: "other",
      kind: "TLSRoute",
      rules: [{
        route: "other/tls",
        rule: 0,
        hostnames: ["a.example"],
        backends: [{ service: CART, port: 80, weight: 1 }],
      }],
    },
  ]);
});

Deno.test("dump of a waypoint shows policies with what they are attached to", () => {
  assert.deepEqual(waypoint.policies, [
    {
      attachedTo: "gateway",
      namespace: "shop",
      name: "all",
      action: "CUSTOM",
      dryRun: false,
      rules: [],
      provider: "auth",
      providerUsable: false,
    },
    {
      attachedTo: CART,
      namespace: "shop",
      name: "deny",
      action: "DENY",
      dryRun: true,
      rules: [{
        from: [[
          { on: "sourceIp", values: ["10.0.0.0/8"] },
          { on: "serviceAccount", values: ["shop/web"] },
        ]],
        to: [[
          { on: "path", values: ["/a*", "*/z", "/{*}"], notValues: ["/b"] },
          { on: "destinationPort", values: ["80"] },
        ]],
        when: [
          { on: "header", name: "x-token", values: ["<hidden>"] },
          { on: "requestPrincipal", values: ["iss/*"] },
          { on: "claim", claim: "a.b", values: ["c"] },
        ],
      }],
    },
  ]);
});

Deno.test("dump of a waypoint shows what is known of keys, and no key", () => {
  const [jwt] = waypoint.requestAuthentications;
  assert.deepEqual([jwt.attachedTo, jwt.namespace, jwt.name], [
    "gateway",
    "shop",
    "jwt",
  ]);
  assert.deepEqual(jwt.rules[0].places, ["header authorization"]);
  assert.deepEqual(jwt.rules.map((rule: { keys: unknown }) => rule.keys), [
    { source: "inline", state: "keys", count: 1 },
    {
      source: "https://id.example/keys",
      state: "keys",
      count: 2,
      why: 'Cannot fetch "https://id.example/keys": late',
      fetchedAt: "2026-01-01T00:00:00.000Z",
    },
    {
      source: "discovery at https://id.example/",
      state: "unfetched",
      count: 0,
    },
  ]);
  assert.ok(!text.includes(SECRET), "a secret is in the dump");
});

Deno.test("dump of a waypoint shows what it fronts and how it is reached", () => {
  const { routes: _, policies: __, requestAuthentications: ___, ...rest } =
    waypoint;
  assert.deepEqual(rest, {
    gateway: "shop/wp",
    serviceAccounts: ["wp"],
    services: [{
      service: CART,
      ports: [{ port: 80, protocol: "HTTP11" }, { port: 81, protocol: null }],
    }],
    workloads: ["pod-1"],
    upstreams: [{ service: CART, balancing: "RANDOM", connectTimeoutMs: 10 }],
    routeStatuses: [{
      kind: "HTTPRoute",
      route: "shop/cart",
      parents: [{
        parent: { group: "", kind: "Service", name: "cart" },
        conditions: [{
          type: "Accepted",
          status: "True",
          reason: "Accepted",
          message: "",
        }],
      }],
    }],
    pathNormalization: "BASE",
    warnings: ["odd"],
  });
});

Deno.test("dump of a node has no waypoint", () => {
  assert.equal(
    JSON.parse(sortedJson(toConfigDump(DUMP))).hairpin.waypoint,
    undefined,
  );
});
