import assert from "node:assert/strict";
import { EMPTY_MATCH, type Policy } from "../../../src/model/policy.ts";
import {
  AUTHORIZATION_TYPE,
  XdsResourceError,
} from "../../../src/wire/xds/mod.ts";
import {
  type AuthorizationInit,
  foreign,
  policyResource,
  read,
} from "./resources.ts";

type MatchInit = NonNullable<
  NonNullable<
    NonNullable<AuthorizationInit["rules"]>[number]["clauses"]
  >[number]["matches"]
>[number];

function readPolicy(init: AuthorizationInit): Policy {
  const found = read(
    policyResource({ namespace: "shop", name: "p", ...init }),
    AUTHORIZATION_TYPE,
  );
  assert.equal(found.kind, "policy");
  return (found as Extract<typeof found, { kind: "policy" }>).policy;
}

const EMPTY: Policy = {
  key: "shop/p",
  name: "p",
  namespace: "shop",
  scope: "Global",
  action: "Allow",
  dryRun: false,
  rules: [],
};

const V4 = Uint8Array.of(10, 0, 0, 1);
const exact = { matchType: { case: "exact", value: "a" } } as const;
const prefix = { matchType: { case: "prefix", value: "b" } } as const;
const suffix = { matchType: { case: "suffix", value: "c" } } as const;
const presence = { matchType: { case: "presence", value: {} } } as const;
const account = { namespace: "shop", serviceAccount: "web" };
const range = { ip: "10.0.0.1", length: 8 };

const rows: [what: string, init: AuthorizationInit, model: object][] = [
  ["takes defaults for all that is absent", {}, {}],
  ["knows scopes: namespace", { scope: 1 }, { scope: "Namespace" }],
  ["knows scopes: selector", { scope: 2 }, { scope: "WorkloadSelector" }],
  ["knows deny", { action: 1 }, { action: "Deny" }],
  ["knows dry runs", { dryRun: true }, { dryRun: true }],
  ["keeps a rule without clauses", { rules: [{}] }, { rules: [[]] }],
  ["keeps a clause without matches", { rules: [{ clauses: [{}] }] }, {
    rules: [[[]]],
  }],
  ["keeps a match without anything", {
    rules: [{ clauses: [{ matches: [{}] }] }],
  }, { rules: [[[EMPTY_MATCH]]] }],
];
for (const [what, init, model] of rows) {
  Deno.test(`policyOf() ${what}`, () => {
    assert.deepEqual(readPolicy(init), { ...EMPTY, ...model });
  });
}

const matches: [init: MatchInit, model: object][] = [
  [{ namespaces: [exact, prefix, suffix, presence] }, {
    namespaces: [
      { kind: "exact", value: "a" },
      { kind: "prefix", value: "b" },
      { kind: "suffix", value: "c" },
      { kind: "presence" },
    ],
  }],
  [{ notNamespaces: [exact] }, {
    notNamespaces: [{ kind: "exact", value: "a" }],
  }],
  [{ principals: [prefix] }, { principals: [{ kind: "prefix", value: "b" }] }],
  [{ notPrincipals: [presence] }, { notPrincipals: [{ kind: "presence" }] }],
  [{ serviceAccounts: [account] }, { serviceAccounts: [account] }],
  [{ notServiceAccounts: [account] }, { notServiceAccounts: [account] }],
  [{ sourceIps: [{ address: V4, length: 8 }] }, { sourceIps: [range] }],
  [{ notSourceIps: [{ address: V4, length: 8 }] }, { notSourceIps: [range] }],
  [{ destinationIps: [{ address: V4, length: 8 }] }, {
    destinationIps: [range],
  }],
  [{ notDestinationIps: [{ address: V4, length: 8 }] }, {
    notDestinationIps: [range],
  }],
  [{ destinationPorts: [80, 0, 65_535] }, {
    destinationPorts: [80, 0, 65_535],
  }],
  [{ notDestinationPorts: [80] }, { notDestinationPorts: [80] }],
];
for (const [init, model] of matches) {
  Deno.test(`policyOf() reads ${Object.keys(init)} of a match`, () => {
    const policy = readPolicy({ rules: [{ clauses: [{ matches: [init] }] }] });
    assert.deepEqual(policy.rules, [[[{ ...EMPTY_MATCH, ...model }]]]);
  });
}

const match = (init: MatchInit): AuthorizationInit => ({
  rules: [{ clauses: [{ matches: [init] }] }],
});
const refused: [why: RegExp, init: AuthorizationInit][] = [
  [/^unknown scope 3$/, { scope: foreign(3) }],
  [/^unknown action 2$/, { action: foreign(2) }],
  [/^a string match of an unknown kind$/, match({ principals: [{}] })],
  [
    /^failed to parse address, had 0 bytes$/,
    match({ sourceIps: [{ length: 8 }] }),
  ],
  [
    /^prefix length 33 does not fit/,
    match({ notSourceIps: [{ address: V4, length: 33 }] }),
  ],
  [/^port 65536 is none$/, match({ destinationPorts: [65_536] })],
];
for (const [why, init] of refused) {
  Deno.test(`policyOf() refuses: ${why.source}`, () => {
    assert.throws(() => readPolicy(init), (reason) => {
      assert.ok(reason instanceof XdsResourceError);
      assert.match(reason.message, why);
      return true;
    });
  });
}
