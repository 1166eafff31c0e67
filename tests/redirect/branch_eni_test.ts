import assert from "node:assert/strict";
import type { Ip } from "../../src/model/address.ts";
import { branchEniRules, ownRules } from "../../src/redirect/branch_eni.ts";

const POD = "10.0.1.5" as Ip;
const LOCAL = { priority: 20, src: "all", table: "local" };
const BY_POD = { priority: 10, src: "all", iif: "vlan1", table: "101" };
const BY_BRANCH = { ...BY_POD, iif: "vlan.eth.1", priority: 11 };
const ROUTE = { dst: POD, dev: "vlan1", table: "101", scope: "link" };
const WANTED = [
  "to 10.0.1.5 lookup 101 pref 512",
  "iif vlan1 lookup local pref 9",
];

type Rows = readonly Record<string, unknown>[];
const cases: [name: string, rules: Rows, routes: Rows, wanted: string[]][] = [
  ["sends probes straight to the pod", [LOCAL, BY_POD], [ROUTE], WANTED],
  [
    "takes the rule of the pod's own device",
    [BY_BRANCH, BY_POD],
    [ROUTE],
    WANTED,
  ],
  [
    "takes another rule of the table where there is none of that device",
    [BY_BRANCH],
    [ROUTE],
    [WANTED[0]!, "iif vlan1 lookup local pref 10"],
  ],
  [
    "does not build on its own rules",
    [{ ...BY_POD, protocol: "153" }],
    [ROUTE],
    [],
  ],
  ["leaves pods of the main table alone", [BY_POD], [{
    ...ROUTE,
    table: "main",
  }], []],
  ["leaves routes to more than the pod alone", [BY_POD], [{
    ...ROUTE,
    dst: "10.0.1.0/24",
  }], []],
  ["leaves local routes alone", [BY_POD], [{ ...ROUTE, type: "local" }], []],
  ["leaves tables alone that no device selects", [LOCAL], [ROUTE], []],
  [
    "puts nothing before the first rule",
    [{ ...BY_POD, priority: 0 }],
    [ROUTE],
    [WANTED[0]!],
  ],
  ["finds nothing in nothing", [], [], []],
];
for (const [name, rules, routes, wanted] of cases) {
  Deno.test(`branchEniRules() ${name}`, () => {
    assert.deepEqual(branchEniRules([POD], rules, routes), wanted);
  });
}

Deno.test("ownRules() reads back what was written, and nobody else's", () => {
  const rules = [
    { priority: 9, src: "all", iif: "vlan1", table: "local", protocol: "153" },
    { priority: 512, src: "all", dst: POD, table: "101", protocol: "153" },
    { priority: 512, src: "all", dst: POD, table: "main" },
    BY_POD,
  ];
  assert.deepEqual([...ownRules(rules)].sort(), [...WANTED].sort());
});
