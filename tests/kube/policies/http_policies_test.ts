import assert from "node:assert/strict";
import { httpPolicies } from "../../../src/kube/policies/http_policies.ts";
import { attachedTo } from "../../../src/model/attached.ts";
import type { ExternalAuthorizer } from "../../../src/model/external_authorizer.ts";
import { DEFAULT_MESH_CONFIG } from "../../../src/model/mesh_config.ts";
import { peer, request } from "../../support/http_samples.ts";
import {
  GATEWAY,
  GATEWAY_REF,
  type Input,
  matches,
  policy,
  translated,
  verdict,
} from "./http_verdicts.ts";
import { parsed, type Raw, raw } from "../objects.ts";

const CUSTOM = { action: "CUSTOM", provider: { name: "auth" }, rules: [{}] };

const WEB = "shop/web.shop.svc.cluster.local";

Deno.test("policies of Gateway and Service are one set", () => {
  const object = (name: string, target: Raw, account: string) =>
    raw("AuthorizationPolicy", name, {
      spec: {
        targetRefs: [target],
        rules: [{ from: [{ source: { serviceAccounts: [account] } }] }],
      },
    });
  const { attached } = httpPolicies(
    parsed(
      raw("Gateway", "shop/waypoint"),
      raw("Service", "shop/web"),
      object("a", GATEWAY_REF, "admin"),
      object("b", { kind: "Service", name: "web" }, "client"),
    ),
    GATEWAY,
    DEFAULT_MESH_CONFIG,
  );
  assert.equal(verdict(attachedTo(attached, WEB)), "allow");
  assert.equal(verdict(attachedTo(attached, undefined)), "deny");
  assert.equal(verdict(attachedTo(attached, "shop/constructor")), "deny");
});

Deno.test("httpPolicies() keeps the oldest first", () => {
  const dated = (name: string, creationTimestamp: string) =>
    policy({ rules: [{}] }, name, { creationTimestamp });
  const { policies } = translated([
    dated("b", "2026-01-02T00:00:00Z"),
    dated("c", "2026-01-01T00:00:00Z"),
    dated("a", "2026-01-02T00:00:00Z"),
  ]);
  assert.deepEqual(policies.map(({ name }) => name), ["c", "a", "b"]);
});

const UNUSABLE: [field: string, rule: Raw, why: string][] = [
  [
    "experimental.envoy.filters.a.b[c]",
    { when: [{ key: "experimental.envoy.filters.a.b[c]", values: ["x"] }] },
    "only Envoy has this metadata",
  ],
  [
    "from.source.namespaces",
    { from: [{ source: { namespaces: ["a", "("] } }] },
    '"(" is not a pattern of namespaces',
  ],
  [
    "source.namespace",
    { when: [{ key: "source.namespace", notValues: ["[*"] }] },
    '"[*" is not a pattern of namespaces',
  ],
  [
    "to.operation.ports",
    { to: [{ operation: { ports: ["0", "80"] } }] },
    "0 is not a port",
  ],
  [
    "request.headers[a b]",
    { when: [{ key: "request.headers[a b]", values: ["x"] }] },
    '"a b" is not a header\'s name',
  ],
];
const EFFECTS = {
  ALLOW: "the rule is left out, so that it allows nothing",
  DENY: "the rule goes without it and denies more",
  AUDIT: "the rule goes without it and reports more",
};
for (const [field, rule, why] of UNUSABLE) {
  for (const action of ["ALLOW", "DENY", "AUDIT"] as const) {
    Deno.test(`${action} with unusable ${field} fails closed and says so`, () => {
      const result = translated([policy({ action, rules: [rule] })]);
      assert.deepEqual(result.warnings, [
        `AuthorizationPolicy "shop/p" rule 0 has ${field} that cannot be enforced: ${why}; ${
          EFFECTS[action]
        }`,
      ]);
      const expected = action === "AUDIT" ? "allow" : "deny";
      assert.equal(verdict(result.policies), expected);
    });
  }
}

Deno.test("a DENY with an unusable field keeps its others", () => {
  const rule = {
    ...UNUSABLE[1]![1],
    to: [{ operation: { methods: ["PUT"] } }],
  };
  const { policies } = translated([policy({ action: "DENY", rules: [rule] })]);
  assert.equal(verdict(policies), "allow");
  const put: Input = { request: request({ method: "PUT" }) };
  assert.equal(verdict(policies, put), "deny");
});

Deno.test("an ALLOW loses only the rule with the unusable field", () => {
  const { policies } = translated([
    policy({ rules: [UNUSABLE[0]![1], {}] }),
  ]);
  assert.equal(verdict(policies), "allow");
  assert.equal(policies[0]?.rules[0]?.index, 1);
});

Deno.test("a DENY without rules is named", () => {
  const { warnings } = translated([policy({ action: "DENY", rules: [] })]);
  assert.deepEqual(warnings, [
    'AuthorizationPolicy "shop/p" denies nothing: it has no rules',
  ]);
});

const dryRuns: [value: string, dryRun: boolean][] = [
  ["true", true],
  ["1", true],
  ["false", false],
  ["", false],
];
for (const [value, dryRun] of dryRuns) {
  Deno.test(`annotation istio.io/dry-run ${value} means ${dryRun}`, () => {
    const annotations = { "istio.io/dry-run": value };
    const { policies } = translated([policy({}, "p", { annotations })]);
    assert.equal(policies[0]?.dryRun, dryRun);
  });
}

for (const action of ["AUDIT", "CUSTOM"]) {
  Deno.test(`a dry run of ${action} is named as doing nothing`, () => {
    const spec = action === "CUSTOM" ? CUSTOM : { action, rules: [{}] };
    const annotations = { "istio.io/dry-run": "true" };
    const { policies, warnings } = translated([
      policy(spec, "p", { annotations }),
    ]);
    assert.equal(verdict(policies), "allow");
    assert.equal(
      warnings[0],
      `AuthorizationPolicy "shop/p" does nothing: there is no dry run of ${action}`,
    );
  });
}

const aliases: [value: string, uri: string, holds: boolean][] = [
  ["new/ns/shop/sa/a", "new/ns/shop/sa/a", true],
  ["new/ns/shop/sa/a", "old/ns/shop/sa/a", true],
  ["old/ns/shop/sa/a", "new/ns/shop/sa/a", true],
  ["cluster.local/ns/shop/sa/a", "old/ns/shop/sa/a", true],
  ["cluster.local/ns/shop/sa/a", "new/ns/shop/sa/a", true],
  ["foreign/ns/shop/sa/a", "new/ns/shop/sa/a", false],
  ["foreign/ns/shop/sa/a", "foreign/ns/shop/sa/a", true],
  ["new/ns/shop/sa/a", "foreign/ns/shop/sa/a", false],
  ["*ld/ns/shop/sa/a", "new/ns/shop/sa/a", true],
  ["*/ns/shop/sa/a", "foreign/ns/shop/sa/a", true],
  ["new/ns/shop/*", "old/ns/shop/sa/a", false],
  ["new/ns/shop/sa/*", "old/ns/shop/sa/a", true],
];
for (const [value, uri, holds] of aliases) {
  Deno.test(`principal ${value} ${holds ? "is" : "is not"} ${uri}`, () => {
    const rule = { from: [{ source: { principals: [value] } }] };
    const input: Input = { peer: peer(`spiffe://${uri}`) };
    const mesh = { trustDomain: "new", trustDomainAliases: ["old"] };
    assert.equal(matches(rule, input, mesh), holds);
  });
}

Deno.test("a trust domain of the mesh stands for its aliases", () => {
  const rule = { from: [{ source: { trustDomains: ["old"] } }] };
  const mesh = { trustDomain: "new", trustDomainAliases: ["old"] };
  const of = (domain: string): Input => ({
    peer: peer(`spiffe://${domain}/ns/shop/sa/a`),
  });
  assert.equal(matches(rule, of("new"), mesh), true);
  assert.equal(matches(rule, of("foreign"), mesh), false);
});

Deno.test("a CUSTOM policy names its provider", () => {
  const authorizer: ExternalAuthorizer = {
    protocol: "grpc",
    name: "auth",
    service: "auth.shop",
    port: 9000,
    timeoutMs: 1_000,
    failOpen: false,
    statusOnError: 403,
    clearRouteCache: false,
    body: undefined,
  };
  const { policies, warnings } = translated([policy(CUSTOM)], {
    authorizers: { auth: authorizer },
  });
  assert.deepEqual(warnings, []);
  assert.equal(verdict(policies), "ask auth");
});

for (const name of ["auth", "constructor", "__proto__"]) {
  Deno.test(`a CUSTOM policy without usable provider ${name} denies`, () => {
    const { policies, warnings } = translated([
      policy({ ...CUSTOM, provider: { name } }),
    ]);
    assert.deepEqual(warnings, [
      'AuthorizationPolicy "shop/p" denies all that it matches: ' +
      `there is no usable extension provider "${name}"`,
    ]);
    assert.equal(verdict(policies), "deny");
  });
}

Deno.test("spec {} with targetRefs allows nothing", () => {
  assert.equal(verdict(translated([policy({})]).policies), "deny");
});
