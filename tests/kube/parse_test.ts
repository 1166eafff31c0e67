import assert from "node:assert/strict";
import { parseObject } from "../../src/kube/parse.ts";
import { linesOf, parsed, pod, type Raw, raw } from "./objects.ts";

const policy = (spec: unknown, rest: Raw = {}) =>
  raw("AuthorizationPolicy", "deny", { spec, ...rest });
const source = (fields: Raw) =>
  policy({ rules: [{ from: [{ source: fields }] }] });
const operation = (fields: Raw) =>
  policy({ rules: [{ to: [{ operation: fields }] }] });
const when = (condition: Raw) => policy({ rules: [{ when: [condition] }] });

const refused: [name: string, object: unknown, line: string][] = [
  ["text", "x", '"x" is not a mapping'],
  ["a list", [], "a list is not a mapping"],
  ["null", null, "null is not a mapping"],
  ["no apiVersion", { kind: "Pod" }, "apiVersion: is missing"],
  ["no kind", { apiVersion: "v1" }, "kind: is missing"],
  ["no metadata", { apiVersion: "v1", kind: "Pod" }, "metadata: is missing"],
  [
    "a version of a security kind that is not known",
    policy({}, { apiVersion: "security.istio.io/v2" }),
    'apiVersion: "security.istio.io/v2" is no version of AuthorizationPolicy that hairpin knows',
  ],
  [
    "a bad name",
    raw("Pod", "shop/Cart"),
    'metadata.name: "Cart" is not a Kubernetes name',
  ],
  [
    "a number as label",
    pod("a", "10.0.0.1", { labels: { version: 1 } }),
    "metadata.labels.version: 1 is not text (quote it if it is meant as text)",
  ],
  [
    "a label key with dots",
    pod("a", "10.0.0.1", { labels: { "a.b/c": true } }),
    'metadata.labels["a.b/c"]: true is not text (quote it if it is meant as text)',
  ],
  [
    "labels as a list",
    raw("Pod", "a", { metadata: { labels: [] } }),
    "metadata.labels: a list is not a mapping",
  ],
  [
    "a bad pod address",
    pod("a", "10.0.0.300"),
    'status.podIPs[0].ip: "10.0.0.300" is not an IP address',
  ],
  [
    "a bad cluster address",
    raw("Service", "a", { spec: { clusterIP: "none" } }),
    'spec.clusterIP: "none" is not an IP address, "None" or ""',
  ],
  [
    "a port out of range",
    raw("Service", "a", { spec: { ports: [{ port: 70000 }] } }),
    "spec.ports[0].port: 70000 is not a whole number from 1 to 65535",
  ],
  [
    "a target port that is neither",
    raw("Service", "a", { spec: { ports: [{ port: 80, targetPort: "80" }] } }),
    'spec.ports[0].targetPort: "80" is not a port number or name',
  ],
  [
    "text for a boolean",
    pod("a", "10.0.0.1", { spec: { hostNetwork: "yes" } }),
    'spec.hostNetwork: "yes" is not true or false',
  ],
  [
    "a relative namespace path",
    pod("a", "10.0.0.1", { annotations: { "hairpin.dev/netns": "a" } }),
    'metadata.annotations["hairpin.dev/netns"]: "a" is not an absolute path',
  ],
  [
    "a namespace path that climbs",
    pod("a", "10.0.0.1", { annotations: { "hairpin.dev/netns": "/run/../a" } }),
    'metadata.annotations["hairpin.dev/netns"]: "/run/../a" is not an absolute path',
  ],
  [
    "a bad CIDR of a ServiceEntry",
    raw("ServiceEntry", "a", {
      spec: { hosts: ["a.b"], addresses: ["1.2.3.4/33"] },
    }),
    'spec.addresses[0]: "1.2.3.4/33" is not an IP address or CIDR',
  ],
  [
    "a ServiceEntry without hosts",
    raw("ServiceEntry", "a", { spec: {} }),
    "spec.hosts: is missing",
  ],
  [
    "a bad address of a Gateway",
    raw("Gateway", "a", {
      status: { addresses: [{ type: "IPAddress", value: "wp" }] },
    }),
    'status.addresses[0].value: "wp" is not an IP address',
  ],
  [
    "an unknown field of a policy",
    policy({ rule: [] }),
    "spec.rule: unknown field",
  ],
  [
    "an unknown field beside the spec",
    policy({}, { specs: {} }),
    "specs: unknown field",
  ],
  [
    "an unknown field named as an object's method",
    source({ constructor: ["a"] }),
    "spec.rules[0].from[0].source.constructor: unknown field",
  ],
  [
    "an unknown source field",
    source({ principal: ["a"] }),
    "spec.rules[0].from[0].source.principal: unknown field",
  ],
  [
    "a field without value in a policy",
    policy({ rules: null }),
    "spec.rules: null is not a list",
  ],
  [
    "a bad address block",
    source({ ipBlocks: ["10.0.0.0/8", "10.0.0.300"] }),
    'spec.rules[0].from[0].source.ipBlocks[1]: "10.0.0.300" is not an IP address or CIDR',
  ],
  [
    "an octal address",
    source({ notIpBlocks: ["010.0.0.1"] }),
    'spec.rules[0].from[0].source.notIpBlocks[0]: "010.0.0.1" is not an IP address or CIDR',
  ],
  [
    "a number as port",
    operation({ ports: [80] }),
    'spec.rules[0].to[0].operation.ports[0]: 80 is not a port (0 to 65535, as text: "8080")',
  ],
  [
    "a port out of range in a policy",
    operation({ notPorts: ["65536"] }),
    'spec.rules[0].to[0].operation.notPorts[0]: "65536" is not a port (0 to 65535, as text: "8080")',
  ],
  [
    "a principal with scheme",
    source({ principals: ["spiffe://a/ns/b/sa/c"] }),
    'spec.rules[0].from[0].source.principals[0]: "spiffe://a/ns/b/sa/c" is not a principal (write it without "spiffe://")',
  ],
  [
    "an empty principal",
    source({ notPrincipals: [""] }),
    'spec.rules[0].from[0].source.notPrincipals[0]: "" is not a principal (write it without "spiffe://")',
  ],
  [
    "an empty namespace",
    source({ namespaces: [""] }),
    'spec.rules[0].from[0].source.namespaces[0]: "" is empty',
  ],
  ["an empty source", source({}), "spec.rules[0].from[0].source: has no entry"],
  [
    "a source of empty lists",
    source({ principals: [] }),
    "spec.rules[0].from[0].source: has no entry",
  ],
  [
    "an empty operation",
    operation({}),
    "spec.rules[0].to[0].operation: has no entry",
  ],
  [
    "an empty from",
    policy({ rules: [{ from: [] }] }),
    "spec.rules[0].from: is an empty list",
  ],
  [
    "a service account with wildcard",
    source({ serviceAccounts: ["shop/*"] }),
    'spec.rules[0].from[0].source.serviceAccounts[0]: "shop/*" is not "SERVICE-ACCOUNT" or "NAMESPACE/SERVICE-ACCOUNT" without wildcard',
  ],
  [
    "service accounts beside namespaces",
    source({ serviceAccounts: ["web"], namespaces: ["shop"] }),
    "spec.rules[0].from[0].source: has serviceAccounts together with principals or namespaces",
  ],
  [
    "too many service accounts",
    source({ serviceAccounts: Array.from({ length: 17 }, (_, i) => `a${i}`) }),
    "spec.rules[0].from[0].source.serviceAccounts: has over 16 entries",
  ],
  [
    "a trust domain with a path",
    source({ trustDomains: ["a/b"] }),
    'spec.rules[0].from[0].source.trustDomains[0]: "a/b" is not a trust domain, without "/" and with one "*" at most, at an end',
  ],
  [
    "a bad path template",
    operation({ paths: ["/a/{**}/{*}"] }),
    'spec.rules[0].to[0].operation.paths[0]: "/a/{**}/{*}" is not a valid path template',
  ],
  [
    "an unknown condition",
    when({ key: "source.ips", values: ["a"] }),
    'spec.rules[0].when[0]: has the unknown key "source.ips"',
  ],
  [
    "a condition without values",
    when({ key: "source.ip" }),
    "spec.rules[0].when[0]: has neither values nor notValues",
  ],
  [
    "a condition with a bad address",
    when({ key: "source.ip", notValues: ["10.0.0.0/40"] }),
    'spec.rules[0].when[0]: has the value "10.0.0.0/40", which source.ip cannot be',
  ],
  [
    "a condition with a bad port",
    when({ key: "destination.port", values: ["http"] }),
    'spec.rules[0].when[0]: has the value "http", which destination.port cannot be',
  ],
  [
    "an unknown action",
    policy({ action: "Deny", rules: [{}] }),
    'spec.action: "Deny" is not one of ALLOW, DENY, AUDIT, CUSTOM',
  ],
  [
    "DENY without rules",
    policy({ action: "DENY" }),
    "spec: denies nothing: DENY without rules (a rule {} denies everything)",
  ],
  [
    "CUSTOM without provider",
    policy({ action: "CUSTOM", rules: [{}] }),
    "spec: is wrong about provider: CUSTOM needs one, other actions have none",
  ],
  [
    "selector and target",
    policy({
      selector: { matchLabels: { a: "b" } },
      targetRefs: [{ kind: "Service", name: "a" }],
    }),
    "spec: has more than one of selector, targetRef and targetRefs",
  ],
  [
    "a selector with an unknown field",
    policy({ selector: { matchExpressions: [] } }),
    "spec.selector.matchExpressions: unknown field",
  ],
  [
    "a dry run that is neither",
    policy({}, { metadata: { annotations: { "istio.io/dry-run": "maybe" } } }),
    'metadata.annotations["istio.io/dry-run"]: "maybe" is not true or false',
  ],
  [
    "an unknown mTLS mode",
    raw("PeerAuthentication", "a", { spec: { mtls: { mode: "strict" } } }),
    'spec.mtls.mode: "strict" is not one of UNSET, DISABLE, PERMISSIVE, STRICT',
  ],
  [
    "ports without selector",
    raw("PeerAuthentication", "a", {
      spec: { portLevelMtls: { 80: { mode: "STRICT" } } },
    }),
    "spec: has portLevelMtls without a selector",
  ],
  [
    "a port of mTLS that is none",
    raw("PeerAuthentication", "a", {
      spec: {
        selector: { matchLabels: { a: "b" } },
        portLevelMtls: { http: { mode: "STRICT" } },
      },
    }),
    "spec.portLevelMtls: has a key that is not a port (1 to 65535)",
  ],
  [
    "a JWT rule without issuer",
    raw("RequestAuthentication", "a", { spec: { jwtRules: [{}] } }),
    "spec.jwtRules[0]: has neither issuer nor jwksUri",
  ],
  [
    "an unknown field of a JWT rule",
    raw("RequestAuthentication", "a", {
      spec: { jwtRules: [{ issuer: "a", fromHeader: [] }] },
    }),
    "spec.jwtRules[0].fromHeader: unknown field",
  ],
  [
    "a key that reaches a prototype",
    JSON.parse('{"apiVersion":"v1","kind":"Pod","metadata":{"__proto__":{}}}'),
    "metadata.__proto__: is a key that is not allowed",
  ],
];

for (const [name, object, line] of refused) {
  Deno.test(`parseObject() refuses ${name}`, () => {
    assert.deepEqual(linesOf(object), [line]);
  });
}

Deno.test("parseObject() refuses endless depth", () => {
  let deep: unknown = "x";
  for (let i = 0; i < 100; i++) deep = { a: deep };
  assert.deepEqual(linesOf({ ...pod("a", "10.0.0.1"), deep }), [
    "deep.a.a.a: is nested deeper than 64 levels",
  ]);
});

Deno.test("parseObject() shortens long values to one line", () => {
  const [line = ""] = linesOf(pod("a", "x\n".repeat(1000)));
  assert.ok(line.length < 200 && !line.includes("\n"), line);
});

Deno.test("parseObject() names many problems of one object, to a limit", () => {
  const ipBlocks = Array.from({ length: 100 }, () => "x");
  assert.equal(linesOf(source({ ipBlocks })).length, 20);
});

const unknown: [object: Raw, name: string][] = [
  [{ apiVersion: "apps/v1", kind: "Deployment" }, "apps/v1/Deployment"],
  [{ apiVersion: "v1", kind: "ServiceAccount" }, "v1/ServiceAccount"],
  [
    { apiVersion: "networking.istio.io/v1", kind: "Gateway" },
    "networking.istio.io/v1/Gateway",
  ],
  [{ apiVersion: "v1", kind: "toString" }, "v1/toString"],
];
for (const [object, name] of unknown) {
  Deno.test(`parseObject() leaves ${name} to others`, () => {
    assert.deepEqual(parseObject(object), { kind: "unknown", name });
  });
}

Deno.test("parseObject() leaves ConfigMaps aside, whatever they hold", () => {
  const aside = [
    raw("ConfigMap", "coredns", { data: { Corefile: 1 } }),
    raw("ConfigMap", "istio-ca-root-cert"),
    { apiVersion: "v1", kind: "ConfigMap", metadata: null },
  ];
  for (const object of aside) {
    assert.deepEqual(parseObject(object), { kind: "aside" });
  }
});

Deno.test("parseObject() reads the ConfigMap of the mesh", () => {
  const map = raw("ConfigMap", "istio-system/istio", { data: { mesh: "{}" } });
  const [object] = parsed(map);
  assert.deepEqual(object?.kind === "ConfigMap" && object.data, { mesh: "{}" });
  assert.deepEqual(linesOf({ ...map, data: { mesh: {} } }), [
    "data.mesh: a mapping is not text (quote it if it is meant as text)",
  ]);
});

Deno.test("parseObject() takes unknown fields and nulls of other kinds", () => {
  const [object] = parsed(
    raw("Pod", "a", {
      metadata: { creationTimestamp: null, managedFields: [{}] },
      spec: { tolerations: [], containers: null, hostNetwork: null },
      status: null,
    }),
  );
  assert.equal(object?.kind === "Pod" && object.spec.hostNetwork, false);
});

Deno.test("parseObject() takes what kubectl prints around a policy", () => {
  const [object] = parsed(
    policy({ rules: [{}] }, {
      metadata: { creationTimestamp: null, managedFields: [{}] },
      status: {},
    }),
  );
  assert.equal(object?.kind, "AuthorizationPolicy");
});

Deno.test("parseObject() puts an object without namespace into default", () => {
  const [a, b] = parsed(
    { apiVersion: "v1", kind: "Pod", metadata: { name: "a" } },
    { apiVersion: "v1", kind: "Node", metadata: { name: "b" } },
  );
  assert.equal(a?.metadata.namespace, "default");
  assert.equal(b?.metadata.namespace, "");
});

for (
  const apiVersion of [
    "networking.istio.io/v1alpha3",
    "networking.istio.io/v1beta1",
    "networking.istio.io/v1",
  ]
) {
  Deno.test(`parseObject() takes ${apiVersion}`, () => {
    const entry = raw("ServiceEntry", "a", { spec: { hosts: ["a.b"] } });
    assert.equal(parsed({ ...entry, apiVersion }).length, 1);
  });
}
