import assert from "node:assert/strict";
import { translate } from "../../../src/kube/translate.ts";
import { EMPTY_MATCH, type PolicyRule } from "../../../src/model/policy.ts";
import { parsed, pod, type Raw, raw } from "../objects.ts";

const STRICT = "istio-system/istio_converted_static_strict";
const CONVERTED = "shop/converted_peer_authentication_own";

type Modes = Record<number, string>;
const modesOf = (ports: Modes) =>
  Object.fromEntries(
    Object.entries(ports).map(([port, mode]) => [port, { mode }]),
  );
const peer = (name: string, mode?: string, rest: Raw = {}, meta: Raw = {}) =>
  raw("PeerAuthentication", name, {
    metadata: meta,
    spec: { ...mode === undefined ? {} : { mtls: { mode } }, ...rest },
  });
const mesh = (mode: string) => peer("istio-system/mesh", mode);
const namespace = (mode: string) => peer("ns", mode);
const own = (mode: string | undefined, ports?: Modes) =>
  peer("own", mode, {
    selector: { matchLabels: { app: "cart" } },
    ...ports && { portLevelMtls: modesOf(ports) },
  });
const cart = pod("cart", "10.0.0.1", { labels: { app: "cart" } });

function outcome(...objects: Raw[]) {
  const { workloads, policies, warnings } = translate(parsed(cart, ...objects));
  return {
    keys: workloads[0]?.authorizationPolicies ?? [],
    rules: policies.find(({ key }) => key === CONVERTED)?.rules,
    policies,
    warnings,
  };
}

const noPrincipal = {
  ...EMPTY_MATCH,
  notPrincipals: [{ kind: "presence" as const }],
};
const onPort = (port: number): PolicyRule => [
  [{ ...noPrincipal, destinationPorts: [port] }],
];
const exceptPorts = (...ports: number[]): PolicyRule => [
  [noPrincipal],
  ...ports.map((port) => [{ ...EMPTY_MATCH, notDestinationPorts: [port] }]),
];

const rows: [
  name: string,
  objects: Raw[],
  keys: string[],
  rules?: PolicyRule[],
][] = [
  ["nothing", [], []],
  ["a strict mesh", [mesh("STRICT")], [STRICT]],
  ["a permissive mesh", [mesh("PERMISSIVE")], []],
  ["a mesh without a mode", [peer("istio-system/mesh")], []],
  ["a disabled mesh", [mesh("DISABLE")], []],
  ["a strict namespace", [namespace("STRICT")], [STRICT]],
  ["a permissive namespace of a strict mesh", [
    mesh("STRICT"),
    namespace("PERMISSIVE"),
  ], []],
  ["a namespace that inherits", [mesh("STRICT"), namespace("UNSET")], [STRICT]],
  ["a strict namespace of a permissive mesh", [
    mesh("PERMISSIVE"),
    namespace("STRICT"),
  ], [STRICT]],
  ["a strict namespace elsewhere", [peer("other/ns", "STRICT")], []],
  ["a strict workload", [own("STRICT")], [STRICT]],
  ["a permissive workload of a strict mesh", [
    mesh("STRICT"),
    own("PERMISSIVE"),
  ], []],
  ["a disabled workload of a strict namespace", [
    namespace("STRICT"),
    own("DISABLE"),
  ], []],
  ["a workload that inherits", [namespace("STRICT"), own("UNSET")], [STRICT]],
  ["another workload's", [
    peer("own", "STRICT", { selector: { matchLabels: { app: "web" } } }),
  ], []],
  [
    "a strict workload but for ports",
    [
      own("STRICT", { 80: "PERMISSIVE", 81: "DISABLE", 82: "STRICT" }),
    ],
    [CONVERTED],
    [exceptPorts(80, 81)],
  ],
  ["a strict workload with strict ports", [own("STRICT", { 80: "STRICT" })], [
    STRICT,
  ]],
  [
    "a permissive workload but for ports",
    [
      own("PERMISSIVE", { 80: "STRICT", 81: "STRICT", 82: "PERMISSIVE" }),
    ],
    [CONVERTED],
    [onPort(80), onPort(81)],
  ],
  ["a permissive workload with permissive ports", [
    own("PERMISSIVE", { 80: "DISABLE" }),
  ], []],
  [
    "a permissive workload of a strict mesh but for a port",
    [
      mesh("STRICT"),
      own("PERMISSIVE", { 80: "STRICT" }),
    ],
    [CONVERTED],
    [onPort(80)],
  ],
  [
    "a strict mesh but for a workload's port",
    [
      mesh("STRICT"),
      own(undefined, { 80: "PERMISSIVE", 81: "STRICT" }),
    ],
    [CONVERTED],
    [exceptPorts(80)],
  ],
  [
    "a strict mesh but for a workload's disabled port",
    [
      mesh("STRICT"),
      own("UNSET", { 80: "DISABLE" }),
    ],
    [CONVERTED],
    [exceptPorts(80)],
  ],
  ["a strict mesh with a workload's strict port", [
    mesh("STRICT"),
    own(undefined, { 80: "STRICT" }),
  ], [STRICT]],
  [
    "a permissive namespace of a strict mesh but for a port",
    [
      mesh("STRICT"),
      namespace("PERMISSIVE"),
      own(undefined, { 80: "STRICT" }),
    ],
    [CONVERTED],
    [onPort(80)],
  ],
  ["a port alone", [own(undefined, { 80: "STRICT" })], [CONVERTED], [
    onPort(80),
  ]],
  ["ports without a mode", [own("STRICT", { 80: "UNSET" })], [STRICT]],
];
for (const [name, objects, keys, rules] of rows) {
  Deno.test(`translate() puts a workload under ${name}`, () => {
    const made = outcome(...objects);
    assert.deepEqual(made.keys, keys);
    assert.deepEqual(made.rules, rules);
    for (const key of keys) {
      assert.ok(made.policies.some((policy) => policy.key === key), key);
    }
  });
}

Deno.test("translate() makes the strict policy as soon as there is a PeerAuthentication", () => {
  assert.deepEqual(outcome(mesh("PERMISSIVE")).policies, [{
    key: STRICT,
    name: "istio_converted_static_strict",
    namespace: "istio-system",
    scope: "WorkloadSelector",
    action: "Deny",
    dryRun: false,
    rules: [[[noPrincipal]]],
  }]);
  assert.deepEqual(outcome().policies, []);
});

Deno.test("translate() names converted policies as istiod does", () => {
  const { policies } = outcome(own("STRICT", { 80: "PERMISSIVE" }));
  const { key, name, namespace, scope, action } = policies[1]!;
  assert.deepEqual([key, name, namespace, scope, action], [
    CONVERTED,
    "converted_peer_authentication_own",
    "shop",
    "WorkloadSelector",
    "Deny",
  ]);
});

Deno.test("translate() lets the oldest of one level win, and says so", () => {
  const at = (creationTimestamp: string) => ({ creationTimestamp });
  const made = outcome(
    peer("young", "PERMISSIVE", {}, at("2026-02-01T00:00:00Z")),
    peer("old", "STRICT", {}, at("2026-01-01T00:00:00Z")),
  );
  assert.deepEqual(made.keys, [STRICT]);
  assert.deepEqual(made.warnings, [
    'PeerAuthentication "shop/young" is not in force: "shop/old" is older',
  ]);
});

Deno.test("translate() breaks ties by name", () => {
  const made = outcome(peer("b", "PERMISSIVE"), peer("a", "STRICT"));
  assert.deepEqual(made.keys, [STRICT]);
});

Deno.test("translate() warns of a selector in the root namespace", () => {
  const made = outcome(
    peer("istio-system/x", "STRICT", {
      selector: { matchLabels: { app: "cart" } },
    }),
  );
  assert.deepEqual(made.keys, []);
  assert.deepEqual(made.warnings, [
    'PeerAuthentication "istio-system/x" is not in force: ' +
    'it selects workloads from the root namespace "istio-system"',
  ]);
});

Deno.test("translate() puts pods of the root namespace under the mesh's mode", () => {
  const { workloads } = translate(
    parsed(pod("istio-system/a", "10.0.0.1"), mesh("STRICT")),
  );
  assert.deepEqual(workloads[0]?.authorizationPolicies, [STRICT]);
});
