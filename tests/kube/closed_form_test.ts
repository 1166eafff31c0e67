import assert from "node:assert/strict";
import { closedForm } from "../../src/kube/mod.ts";

const metadata = {
  name: "p",
  namespace: "shop",
  annotations: { "istio.io/dry-run": "perhaps" },
};
const policy = (spec: unknown) => ({
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata,
  spec,
});
const selector = { matchLabels: { app: "cart" } };
const unreadable = [{ form: [] }];
const deny = { action: "DENY", rules: [{ when: [] }], targetRefs: [] };
const allow = { action: "ALLOW", targetRefs: [] };

const rows: [name: string, raw: unknown, spec: unknown][] = [
  [
    "a DENY denies all to what it selects",
    policy({ selector, action: "DENY", rules: unreadable }),
    { selector, ...deny },
  ],
  [
    "an ALLOW allows nothing to what it selects",
    policy({ selector, action: "ALLOW", rules: unreadable }),
    { selector, ...allow },
  ],
  [
    "no action is ALLOW",
    policy({ selector, rules: unreadable }),
    { selector, ...allow },
  ],
  [
    "CUSTOM, whoever was to be asked",
    policy({ selector, action: "CUSTOM", provider: 1 }),
    { selector, ...deny },
  ],
  ["an action that is none", policy({ selector, action: "MAYBE" }), {
    selector,
    ...deny,
  }],
  [
    "a selector that cannot be read closes the namespace",
    policy({ selector: { matchExpressions: [] }, action: "DENY" }),
    deny,
  ],
  ["a spec that is none", policy("deny"), allow],
  [
    "a PeerAuthentication is STRICT",
    {
      ...policy({ selector, mtls: { mode: "MAYBE" } }),
      kind: "PeerAuthentication",
    },
    { selector, mtls: { mode: "STRICT" } },
  ],
];
for (const [name, raw, spec] of rows) {
  Deno.test(`closedForm(): ${name}`, () => {
    const closed = closedForm(raw);
    assert.deepEqual(
      closed && "spec" in closed ? closed.spec : undefined,
      spec,
    );
    assert.equal(closed?.metadata.namespace, "shop");
    assert.deepEqual(closed?.metadata.annotations ?? {}, {});
  });
}

const none: [name: string, raw: unknown][] = [
  ["AUDIT, which closes nothing", policy({ action: "AUDIT", rules: 1 })],
  ["a policy on trial", {
    ...policy({ action: "DENY", rules: 1 }),
    metadata: { ...metadata, annotations: { "istio.io/dry-run": "true" } },
  }],
  ["a Service", { apiVersion: "v1", kind: "Service", metadata, spec: 1 }],
  ["no object", "policy"],
  ["an object without a name", { ...policy({}), metadata: {} }],
];
for (const [name, raw] of none) {
  Deno.test(`closedForm() is nothing for ${name}`, () => {
    assert.equal(closedForm(raw), undefined);
  });
}
