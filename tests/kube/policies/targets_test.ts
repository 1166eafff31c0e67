/** What a policy with targets is attached to, as one waypoint sees it. */
import assert from "node:assert/strict";
import { httpPolicies } from "../../../src/kube/policies/http_policies.ts";
import { DEFAULT_MESH_CONFIG } from "../../../src/model/mesh_config.ts";
import { GATEWAY, policy } from "./http_verdicts.ts";
import { linesOf, parsed, type Raw, raw } from "../objects.ts";

const gatewayRef = (name: string) => ({
  group: "gateway.networking.k8s.io",
  kind: "Gateway",
  name,
});
const classRef = (name: string) => ({
  group: "gateway.networking.k8s.io",
  kind: "GatewayClass",
  name,
});
const serviceRef = (name: string, group = "") => ({
  group,
  kind: "Service",
  name,
});
const entryRef = (name: string) => ({
  group: "networking.istio.io",
  kind: "ServiceEntry",
  name,
});

const MESH = [
  raw("Gateway", "shop/waypoint", {
    spec: { gatewayClassName: "own-class" },
  }),
  raw("Gateway", "shop/second"),
  raw("Service", "shop/web"),
  raw("Service", "other/web"),
  raw("ServiceEntry", "shop/outside", {
    spec: {
      hosts: ["a.example", "b.example"],
      ports: [{ number: 80, name: "http" }],
    },
  }),
];

function attach(name: string, spec: Raw) {
  const objects = parsed(...MESH, raw("AuthorizationPolicy", name, { spec }));
  const { attached, warnings } = httpPolicies(
    objects,
    GATEWAY,
    DEFAULT_MESH_CONFIG,
  );
  const where = [
    ...attached.gateway.map(() => "gateway"),
    ...Object.keys(attached.services),
  ];
  return { where, warnings };
}

const WEB = "shop/web.shop.svc.cluster.local";
const attachments: [
  name: string,
  policy: string,
  spec: Raw,
  where: string[],
  warning?: string,
][] = [
  ["a namespace-wide policy", "shop/p", {}, []],
  ["a mesh-wide policy", "istio-system/p", {}, []],
  [
    "a policy with a selector",
    "shop/p",
    { selector: { matchLabels: { app: "web" } } },
    [],
  ],
  ["its Gateway", "shop/p", { targetRefs: [gatewayRef("waypoint")] }, [
    "gateway",
  ]],
  [
    "its Gateway, by targetRef",
    "shop/p",
    { targetRef: gatewayRef("waypoint") },
    [
      "gateway",
    ],
  ],
  ["another Gateway", "shop/p", { targetRefs: [gatewayRef("second")] }, []],
  [
    "a Gateway of that name elsewhere",
    "other/p",
    { targetRefs: [gatewayRef("waypoint")] },
    [],
    'there is no Gateway "other/waypoint"',
  ],
  [
    "a GatewayClass in the root namespace",
    "istio-system/p",
    { targetRefs: [classRef("istio-waypoint")] },
    ["gateway"],
  ],
  [
    "its own GatewayClass",
    "istio-system/p",
    { targetRefs: [classRef("own-class")] },
    ["gateway"],
  ],
  ["another GatewayClass", "istio-system/p", {
    targetRefs: [classRef("istio")],
  }, []],
  [
    "a GatewayClass in another namespace",
    "shop/p",
    { targetRefs: [classRef("istio-waypoint")] },
    [],
    'a GatewayClass is a target only in namespace "istio-system"',
  ],
  ["a Service", "shop/p", { targetRefs: [serviceRef("web")] }, [WEB]],
  ["a Service, group core", "shop/p", {
    targetRefs: [serviceRef("web", "core")],
  }, [
    WEB,
  ]],
  ["a Service of the policy's namespace alone", "other/p", {
    targetRefs: [serviceRef("web")],
  }, ["other/web.other.svc.cluster.local"]],
  [
    "a Service of another namespace",
    "other/p",
    { targetRefs: [{ ...serviceRef("web"), namespace: "shop" }] },
    [],
    'Service "shop/web" is elsewhere',
  ],
  ["its own namespace said", "shop/p", {
    targetRefs: [{ ...serviceRef("web"), namespace: "shop" }],
  }, [WEB]],
  [
    "a Service that is not there, for when it comes",
    "shop/p",
    { targetRefs: [serviceRef("nowhere")] },
    ["shop/nowhere.shop.svc.cluster.local"],
    'there is no Service "shop/nowhere"',
  ],
  ["all hosts of a ServiceEntry", "shop/p", {
    targetRefs: [entryRef("outside")],
  }, ["shop/a.example", "shop/b.example"]],
  [
    "a ServiceEntry that is not there",
    "shop/p",
    { targetRefs: [entryRef("nowhere")] },
    [],
    'there is no ServiceEntry "shop/nowhere"',
  ],
  [
    "an HTTPRoute",
    "shop/p",
    {
      targetRefs: [{
        group: "gateway.networking.k8s.io",
        kind: "HTTPRoute",
        name: "r",
      }],
    },
    [],
    "gateway.networking.k8s.io/HTTPRoute cannot be a target",
  ],
  ["several targets", "shop/p", {
    targetRefs: [serviceRef("web"), serviceRef("web"), entryRef("outside")],
  }, [WEB, "shop/a.example", "shop/b.example"]],
  ["Gateway and Service, once", "shop/p", {
    targetRefs: [serviceRef("web"), gatewayRef("waypoint")],
  }, ["gateway"]],
];
for (const [name, key, spec, where, warning] of attachments) {
  Deno.test(`httpPolicies() attaches to ${name}: ${where.length}`, () => {
    const result = attach(key, spec);
    assert.deepEqual(result.where, where);
    const expected = warning === undefined ? [] : [
      `AuthorizationPolicy "${key}" has a target that does not count: ${warning}`,
    ];
    assert.deepEqual(result.warnings, expected);
  });
}

Deno.test("httpPolicies() refuses more than 16 targets and 512 rules", () => {
  const targetRefs = Array(17).fill(serviceRef("web"));
  const rules = Array(513).fill({});
  for (const spec of [{ targetRefs }, { rules }]) {
    assert.equal(linesOf(policy(spec)).length, 1);
    assert.deepEqual(linesOf(policy({ rules: [{}] })), []);
  }
});
