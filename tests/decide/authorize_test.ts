import assert from "node:assert/strict";
import { authorize, type Verdict } from "../../src/decide/authorize.ts";
import type { PolicyConnection } from "../../src/decide/policy_match.ts";
import { EMPTY_MATCH, type Policy } from "../../src/model/policy.ts";
import { at, pod, stateOf } from "../support/sample_mesh.ts";

const connection: PolicyConnection = {
  src: at("10.0.0.1", 40_000),
  identity: { trustDomain: "td", namespace: "ns1", serviceAccount: "client" },
  dst: at("10.0.0.2", 8080),
};

/** A policy that matches the connection, or does not. */
function policy(
  name: string,
  action: Policy["action"],
  hits: boolean,
  dryRun = false,
): Policy {
  const match = { ...EMPTY_MATCH, destinationPorts: [hits ? 8080 : 1] };
  return {
    key: `ns1/${name}`,
    name,
    namespace: "ns1",
    scope: "Namespace",
    action,
    dryRun,
    rules: [[[match]]],
  };
}

const denies = policy("denies", "Deny", true);
const denyMisses = policy("deny-misses", "Deny", false);
const allows = policy("allows", "Allow", true);
const allowMisses = policy("allow-misses", "Allow", false);
const l7Only: Policy = { ...allowMisses, name: "l7-only", rules: [] };
const tryDenies = policy("try-denies", "Deny", true, true);
const tryDenyMisses = policy("try-deny-misses", "Deny", false, true);
const tryAllows = policy("try-allows", "Allow", true, true);
const tryAllowMisses = policy("try-allow-misses", "Allow", false, true);

/** A verdict on one line. */
function inWords(verdict: Verdict): string {
  const by = verdict.by === undefined ? "" : ` by ${verdict.by}`;
  return verdict.allow ? `allow${by}` : `${verdict.because}${by}`;
}

type Row = [
  name: string,
  policies: Policy[],
  unknown: string[],
  verdict: string,
];
const DENIED = "explicitly denied by: ns1/denies by ns1/denies";
const NONE_ALLOWED = "allow policies exist, but none allowed";
const rows: Row[] = [
  ["allows without policies", [], [], "allow"],
  ["allows when no DENY matches", [denyMisses], [], "allow"],
  ["denies when a DENY matches", [denyMisses, denies], [], DENIED],
  ["lets DENY outrank ALLOW", [allows, denies], [], DENIED],
  [
    "allows by the ALLOW that matches",
    [allowMisses, allows],
    [],
    "allow by ns1/allows",
  ],
  ["denies when no ALLOW matches", [allowMisses], [], NONE_ALLOWED],
  ["denies when the only ALLOW has no rules", [l7Only], [], NONE_ALLOWED],
  [
    "denies while a policy is not known",
    [],
    ["ns1/late"],
    "policy not known yet: ns1/late by ns1/late",
  ],
  ["denies while a policy is not known, whoever allows", [allows], [
    "ns1/late",
    "ns1/later",
  ], "policy not known yet: ns1/late by ns1/late"],
  ["names the DENY before the policy that is not known", [denies], [
    "ns1/late",
  ], DENIED],
  ["does not enforce a dry run's DENY", [tryDenies], [], "allow"],
  ["does not enforce a dry run's ALLOW", [tryAllowMisses], [], "allow"],
  ["does not allow by a dry run", [allowMisses, tryAllows], [], NONE_ALLOWED],
];
for (const [name, policies, unknown, verdict] of rows) {
  Deno.test(`authorize() ${name}`, () => {
    const found = authorize(connection, { policies, unknown });
    assert.equal(inWords(found), verdict);
  });
}

const trials: [name: string, policies: Policy[], outcomes: string[]][] = [
  ["nothing without dry runs", [denyMisses, allows], []],
  ["a DENY that matches", [tryDenyMisses, tryDenies], ["deny ns1/try-denies"]],
  ["a DENY beside one that is enforced", [denies, tryDenies, tryAllows], [
    "deny ns1/try-denies",
  ]],
  ["an ALLOW that matches", [tryAllows, tryAllowMisses], [
    "allow ns1/try-allows",
  ]],
  ["that no ALLOW matches", [tryAllowMisses], ["no-allow"]],
  ["nothing of it when an enforced ALLOW decides", [
    allows,
    tryAllowMisses,
  ], []],
  ["an ALLOW beside one that is enforced", [allowMisses, tryAllows], [
    "allow ns1/try-allows",
  ]],
  ["DENY and ALLOW", [tryDenies, tryAllows], [
    "deny ns1/try-denies",
    "allow ns1/try-allows",
  ]],
];
for (const [name, policies, outcomes] of trials) {
  Deno.test(`authorize() reports of dry runs ${name}`, () => {
    const { dryRun } = authorize(connection, { policies, unknown: [] });
    const found = dryRun.map((o) => "by" in o ? `${o.kind} ${o.by}` : o.kind);
    assert.deepEqual(found, outcomes);
  });
}

Deno.test("authorize() opens when the policies that a workload awaits arrive", () => {
  const late = { ...allows, scope: "WorkloadSelector" } as const;
  const web = pod("web", ["10.0.0.2"], { authorizationPolicies: [late.key] });
  const judge = (policies: Policy[]) =>
    inWords(
      authorize(connection, stateOf({ policies }).policiesFor(web)),
    );
  assert.equal(judge([]), "policy not known yet: ns1/allows by ns1/allows");
  assert.equal(judge([late]), "allow by ns1/allows");
});
