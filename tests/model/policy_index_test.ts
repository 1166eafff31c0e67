import assert from "node:assert/strict";
import type { Policy } from "../../src/model/policy.ts";
import { PolicyIndex } from "../../src/model/policy_index.ts";
import { pod } from "../support/sample_mesh.ts";

const policy = (key: string, scope: Policy["scope"]): Policy => ({
  key,
  namespace: key.split("/")[0]!,
  name: key.split("/")[1]!,
  scope,
  action: "Deny",
  dryRun: false,
  rules: [],
});

const web = pod("web", [], { authorizationPolicies: ["ns1/selected"] });

function applicable(index: PolicyIndex) {
  const { policies, unknown } = index.applicableTo(web);
  return { policies: policies.map((p) => p.key), unknown };
}

Deno.test("PolicyIndex applies namespace, mesh and selected policies, in that order", () => {
  const index = new PolicyIndex();
  index.put(policy("ns1/selected", "WorkloadSelector"));
  index.put(policy("root/mesh", "Global"));
  index.put(policy("ns1/all", "Namespace"));
  index.put(policy("ns2/all", "Namespace"));
  index.put(policy("ns1/unselected", "WorkloadSelector"));
  assert.deepEqual(applicable(index), {
    policies: ["ns1/all", "root/mesh", "ns1/selected"],
    unknown: [],
  });
});

Deno.test("PolicyIndex names the selected policies that it does not know", () => {
  const index = new PolicyIndex();
  assert.deepEqual(applicable(index).unknown, ["ns1/selected"]);
  index.put(policy("ns1/selected", "WorkloadSelector"));
  assert.deepEqual(applicable(index).unknown, []);
  index.delete("ns1/selected");
  assert.deepEqual(applicable(index).unknown, ["ns1/selected"]);
});

const scopes: [from: Policy["scope"], to: Policy["scope"], applies: boolean][] =
  [
    ["Global", "Namespace", true],
    ["Global", "WorkloadSelector", false],
    ["Namespace", "WorkloadSelector", false],
    ["Namespace", "Global", true],
    ["WorkloadSelector", "Namespace", true],
  ];
for (const [from, to, applies] of scopes) {
  Deno.test(`PolicyIndex moves a policy from ${from} to ${to}`, () => {
    const index = new PolicyIndex();
    index.put(policy("ns1/moving", from));
    index.put(policy("ns1/moving", to));
    const expected = applies ? ["ns1/moving"] : [];
    assert.deepEqual(applicable(index).policies, expected);
  });
}
