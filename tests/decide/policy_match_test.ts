import assert from "node:assert/strict";
import {
  type PolicyConnection,
  policyMatches,
  policySubject,
} from "../../src/decide/policy_match.ts";
import { parseIdentity } from "../../src/model/identity.ts";
import {
  EMPTY_MATCH,
  type Policy,
  type PolicyMatch,
  type PolicyRule,
  type StringMatch,
} from "../../src/model/policy.ts";
import { at, cidr } from "../support/sample_mesh.ts";

const policyOf = (rules: readonly PolicyRule[]): Policy => ({
  key: "ns1/p",
  name: "p",
  namespace: "ns1",
  scope: "Namespace",
  action: "Allow",
  dryRun: false,
  rules,
});

function connection(
  uri: string | undefined,
  src = "10.0.0.1",
  dst = "10.0.0.2",
): PolicyConnection {
  const identity = uri === undefined ? undefined : parseIdentity(uri);
  assert.equal(identity === undefined, uri === undefined);
  return { src: at(src, 40_000), identity, dst: at(dst, 8080) };
}

const WEB = connection("spiffe://td/ns/prod/sa/web");
const OTHER = connection("spiffe://td/ns/dev/sa/job");
const PLAINTEXT = connection(undefined);

const matches = (rules: readonly PolicyRule[], connection: PolicyConnection) =>
  policyMatches(policyOf(rules), policySubject(connection));

const match = (fields: Partial<PolicyMatch>): PolicyMatch => ({
  ...EMPTY_MATCH,
  ...fields,
});
const HIT = match({ destinationPorts: [8080] });
const MISS = match({ destinationPorts: [1] });

const nesting: [name: string, rules: PolicyRule[], holds: boolean][] = [
  ["no rule", [], false],
  ["a rule without clauses", [[]], true],
  ["a clause without matches", [[[]]], true],
  ["an empty match", [[[EMPTY_MATCH]]], false],
  ["one match", [[[HIT]]], true],
  ["one miss", [[[MISS]]], false],
  ["any match of a clause", [[[MISS, HIT]]], true],
  ["any match of a clause, an empty one aside", [[[EMPTY_MATCH, HIT]]], true],
  ["not all clauses", [[[HIT], [MISS]]], false],
  ["all clauses", [[[HIT], [MISS, HIT]]], true],
  ["all clauses, one of them without matches", [[[HIT], []]], true],
  ["any rule", [[[MISS]], [[HIT]]], true],
  ["no rule of several", [[[MISS]], [[HIT], [MISS]]], false],
];
for (const [name, rules, holds] of nesting) {
  Deno.test(`policyMatches() ${holds ? "on" : "fails on"} ${name}`, () => {
    assert.equal(matches(rules, WEB), holds);
  });
}

const exact = (value: string): StringMatch => ({ kind: "exact", value });
const prefix = (value: string): StringMatch => ({ kind: "prefix", value });
const suffix = (value: string): StringMatch => ({ kind: "suffix", value });
const presence: StringMatch = { kind: "presence" };
const webAccount = { namespace: "prod", serviceAccount: "web" };

type FieldRow = [
  name: string,
  fields: Partial<PolicyMatch>,
  plaintext: boolean,
  web: boolean,
  other: boolean,
];
const fields: FieldRow[] = [
  ["namespaces", { namespaces: [exact("prod")] }, false, true, false],
  ["notNamespaces", { notNamespaces: [exact("prod")] }, true, false, true],
  [
    "several namespaces",
    {
      namespaces: [exact("prod"), exact("dev")],
    },
    false,
    true,
    true,
  ],
  [
    "namespaces but notNamespaces",
    {
      namespaces: [presence],
      notNamespaces: [prefix("pro")],
    },
    false,
    false,
    true,
  ],
  [
    "principals",
    {
      principals: [exact("td/ns/prod/sa/web")],
    },
    false,
    true,
    false,
  ],
  [
    "notPrincipals",
    {
      notPrincipals: [exact("td/ns/prod/sa/web")],
    },
    true,
    false,
    true,
  ],
  ["any principal", { principals: [presence] }, false, true, true],
  ["no principal at all", { notPrincipals: [presence] }, true, false, false],
  ["serviceAccounts", { serviceAccounts: [webAccount] }, false, true, false],
  [
    "notServiceAccounts",
    {
      notServiceAccounts: [webAccount],
    },
    true,
    false,
    true,
  ],
  ["sourceIps", { sourceIps: [cidr("10.0.0.1")] }, true, true, true],
  [
    "notSourceIps",
    { notSourceIps: [cidr("10.0.0.0/30")] },
    false,
    false,
    false,
  ],
  ["destinationIps", { destinationIps: [cidr("10.0.0.2")] }, true, true, true],
  [
    "other destinationIps",
    {
      destinationIps: [cidr("10.0.0.1")],
    },
    false,
    false,
    false,
  ],
  [
    "notDestinationIps",
    {
      notDestinationIps: [cidr("10.0.0.1")],
    },
    true,
    true,
    true,
  ],
  ["destinationPorts", { destinationPorts: [1, 8080] }, true, true, true],
  [
    "notDestinationPorts",
    {
      notDestinationPorts: [8080],
    },
    false,
    false,
    false,
  ],
  [
    "all families at once",
    {
      namespaces: [exact("prod")],
      destinationPorts: [1],
    },
    false,
    false,
    false,
  ],
];
for (const [name, given, plaintext, web, other] of fields) {
  Deno.test(`policyMatches() by ${name}`, () => {
    const rules = [[[match(given)]]];
    assert.deepEqual(
      [PLAINTEXT, WEB, OTHER].map((c) => matches(rules, c)),
      [plaintext, web, other],
    );
  });
}

Deno.test("policyMatches() ignores the trust domain of a service account", () => {
  const rules = [[[match({ serviceAccounts: [webAccount] })]]];
  const foreign = connection("spiffe://elsewhere/ns/prod/sa/web");
  assert.equal(matches(rules, foreign), true);
});

const strings: [pattern: StringMatch, holds: boolean][] = [
  [exact("td/ns/prod/sa/web"), true],
  [exact("TD/ns/prod/sa/web"), false],
  [exact("td/ns/prod/sa/we"), false],
  [exact(""), false],
  [prefix("td/ns/prod/"), true],
  [prefix("ns/prod/"), false],
  [prefix(""), true],
  [suffix("/sa/web"), true],
  [suffix("/sa/we"), false],
  [suffix(""), true],
  [presence, true],
  [exact("spiffe://td/ns/prod/sa/web"), false],
  [prefix("spiffe://"), false],
  [suffix("spiffe://td/ns/prod/sa/web"), false],
];
for (const [pattern, holds] of strings) {
  Deno.test(`policyMatches() by principal ${JSON.stringify(pattern)}`, () => {
    const rules = [[[match({ principals: [pattern] })]]];
    assert.equal(matches(rules, WEB), holds);
    // Nobody without an identity is any principal, whatever the pattern.
    assert.equal(matches(rules, PLAINTEXT), false);
    const negated = [[[match({ notPrincipals: [pattern] })]]];
    assert.equal(matches(negated, PLAINTEXT), true);
  });
}

const plaintextNamespaces: [pattern: StringMatch, holds: boolean][] = [
  [presence, false],
  [exact("prod"), false],
  [prefix("p"), false],
  [suffix("d"), false],
  // As ztunnel: an absent namespace reads as the empty string.
  [exact(""), true],
  [prefix(""), true],
];
for (const [pattern, holds] of plaintextNamespaces) {
  Deno.test(`policyMatches() plaintext by namespace ${JSON.stringify(pattern)}`, () => {
    const rules = [[[match({ namespaces: [pattern] })]]];
    assert.equal(matches(rules, PLAINTEXT), holds);
  });
}

const ranges: [range: string, peer: string, holds: boolean][] = [
  ["10.0.0.0/8", "10.255.255.255", true],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["10.9.9.9/8", "10.1.1.1", true],
  ["0.0.0.0/0", "192.0.2.1", true],
  ["0.0.0.0/0", "fd00::1", false],
  ["::/0", "10.0.0.1", false],
  ["::/0", "fd00::1", true],
  ["10.0.0.0/8", "::ffff:10.0.0.1", true],
  ["::ffff:0:0", "::ffff:10.0.0.1", false],
  ["fd00::/63", "fd00:0:0:1::1", true],
  ["fd00::/64", "fd00:0:0:1::1", false],
];
for (const [range, peer, holds] of ranges) {
  Deno.test(`policyMatches() source ${peer} by range ${range}: ${holds}`, () => {
    const rules = [[[match({ sourceIps: [cidr(range)] })]]];
    assert.equal(matches(rules, connection(undefined, peer)), holds);
    const negated = [[[match({ notSourceIps: [cidr(range)] })]]];
    assert.equal(matches(negated, connection(undefined, peer)), !holds);
  });
}

const STRICT = [[[match({ notPrincipals: [presence] })]]];
const STRICT_BUT_8080 = [[
  [match({ notPrincipals: [presence] })],
  [match({ notDestinationPorts: [8080] })],
]];
Deno.test("policyMatches() plaintext by what strict mTLS is made of", () => {
  assert.equal(matches(STRICT, PLAINTEXT), true);
  assert.equal(matches(STRICT, WEB), false);
  assert.equal(matches(STRICT_BUT_8080, PLAINTEXT), false);
  const elsewhere = { ...PLAINTEXT, dst: at("10.0.0.2", 9090) };
  assert.equal(matches(STRICT_BUT_8080, elsewhere), true);
});
