import assert from "node:assert/strict";

import { type Policy } from "../../../src/model/policy.ts";
import { pod, type Raw, raw } from "../objects.ts";
import {
  exact,
  m,
  only,
  operation,
  policy,
  prefix,
  source,
  translated,
} from "./policy_objects.ts";

Deno.test("translate() tells where a waypoint would enforce an unseen rule", () => {
  const { warnings } = translated([
    raw("Gateway", "wp", {
      status: { addresses: [{ type: "IPAddress", value: "10.0.0.9" }] },
    }),
    raw("Service", "cart", {
      metadata: { labels: { "istio.io/use-waypoint": "wp" } },
      spec: { selector: { app: "cart" } },
    }),
    pod("cart", "10.0.0.1", { labels: { app: "cart" } }),
    policy({
      action: "DENY",
      selector: { matchLabels: { app: "cart" } },
      rules: [operation({ methods: ["GET"] })],
    }),
  ]);
  assert.match(
    warnings[0] ?? "",
    /; its workloads have a waypoint, which enforces it with targetRefs$/,
  );
});

const heads: [name: string, object: Raw, expected: Partial<Policy>][] = [
  ["allows nothing when empty", policy({}), { action: "Allow", rules: [] }],
  ["denies", policy({ action: "DENY", rules: [{}] }), { action: "Deny" }],
  ["is for its namespace", policy({}), {
    key: "shop/p",
    name: "p",
    namespace: "shop",
    scope: "Namespace",
    dryRun: false,
  }],
  ["is for the mesh", policy({}, {}, "istio-system/p"), {
    key: "istio-system/p",
    scope: "Global",
  }],
  [
    "is for selected workloads",
    policy({
      selector: { matchLabels: { app: "cart" } },
    }),
    { scope: "WorkloadSelector" },
  ],
  ["is for all with an empty selector", policy({ selector: {} }), {
    scope: "Namespace",
  }],
  [
    "is for all with a selector of no labels",
    policy(
      {
        selector: { matchLabels: {} },
      },
      {},
      "istio-system/p",
    ),
    { scope: "Global" },
  ],
  [
    "runs dry",
    policy({}, {
      metadata: { annotations: { "istio.io/dry-run": "true" } },
    }),
    { dryRun: true },
  ],
  [
    "does not run dry",
    policy({}, {
      metadata: { annotations: { "istio.io/dry-run": "false" } },
    }),
    { dryRun: false },
  ],
];
for (const [name, object, expected] of heads) {
  Deno.test(`translate() makes a policy that ${name}`, () => {
    const made = only(object);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(made[key as keyof Policy], value, key);
    }
  });
}

Deno.test("translate() takes the root namespace from the settings", () => {
  const made = only(policy({}), { rootNamespace: "shop" });
  assert.equal(made.scope, "Global");
});

Deno.test("translate() reads cluster.local as the mesh's own trust domain too", () => {
  const rule = source({
    principals: ["cluster.local/ns/a/sa/*"],
    notPrincipals: ["cluster.local/ns/a/sa/b", "td/ns/a/sa/c"],
  });
  const made = only(policy({ rules: [rule] }), { trustDomain: "td" });
  assert.deepEqual(made.rules, [[[m({
    principals: [prefix("cluster.local/ns/a/sa/"), prefix("td/ns/a/sa/")],
    notPrincipals: [
      exact("cluster.local/ns/a/sa/b"),
      exact("td/ns/a/sa/b"),
      exact("td/ns/a/sa/c"),
    ],
  })]]]);
});

Deno.test("translate() leaves policies with targets to waypoints", () => {
  const { policies, warnings } = translated([
    policy({ targetRefs: [{ kind: "Service", name: "a" }] }),
    policy({ targetRef: { kind: "Gateway", name: "a" } }, {}, "q"),
  ]);
  assert.deepEqual([policies, warnings], [[], []]);
});

Deno.test("translate() warns of actions that layer 4 does not have", () => {
  const { policies, warnings } = translated([
    policy({ action: "AUDIT", rules: [{}] }),
    policy({ action: "CUSTOM", provider: { name: "x" }, rules: [{}] }, {}, "q"),
  ]);
  assert.deepEqual(policies, []);
  assert.deepEqual(warnings, [
    'AuthorizationPolicy "shop/p" is not enforced: action AUDIT needs a waypoint (targetRefs)',
    'AuthorizationPolicy "shop/q" is not enforced: action CUSTOM needs a waypoint (targetRefs)',
  ]);
});

Deno.test("translate() names selected policies on the workloads that they select", () => {
  const selector = { matchLabels: { app: "cart" } };
  const { workloads } = translated([
    pod("cart", "10.0.0.1", { labels: { app: "cart", x: "y" } }),
    pod("web", "10.0.0.2", { labels: { app: "web" } }),
    pod("other/cart", "10.0.0.3", { labels: { app: "cart" } }),
    policy({ selector }, {}, "z"),
    policy({ selector }, {}, "a"),
    policy({ selector }, {}, "istio-system/mesh"),
    policy({}, {}, "all"),
  ]);
  assert.deepEqual(
    workloads.map(({ authorizationPolicies }) => authorizationPolicies),
    [
      ["istio-system/mesh", "shop/a", "shop/z"],
      [],
      ["istio-system/mesh"],
    ],
  );
});
