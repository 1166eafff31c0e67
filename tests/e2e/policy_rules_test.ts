/** Whom an AuthorizationPolicy lets through: every field of a rule, and how policies combine. */
import assert from "node:assert/strict";
import { startHttpServer } from "../lab/mod.ts";
import { ALLOW_ROWS, factsOf } from "./policy_rows.ts";
import {
  authorizationPolicy,
  type Caller,
  enforce,
  EVERYBODY,
  NOBODY,
  whoGetsThrough,
} from "./policy_support.ts";
import { type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();
const SLEEP = "cluster.local/ns/default/sa/sleep";
const CALLED_BY_SLEEP = [{ from: [{ source: { principals: [SLEEP] } }] }];
const READING = [{ to: [{ operation: { methods: ["GET"] } }] }];

meshTest("without a policy everybody gets through", async (mesh) => {
  await startHttpServer(mesh.lab, mesh.httpbin, 8080);
  assert.deepEqual(await onBothPorts(mesh), [[...EVERYBODY], [...EVERYBODY]]);
});

for (const [at, row] of ALLOW_ROWS.entries()) {
  meshTest(`ALLOW by ${row.title}`, async (mesh) => {
    const rules = row.rules(factsOf(mesh));
    const policy = authorizationPolicy(`row-${at}`, { rules });
    await enforce(mesh, [policy], async () => {
      const { on8000, on8080 = on8000 } = row;
      assert.deepEqual(await onBothPorts(mesh), [[...on8000], [...on8080]]);
    });
  });
}

const allow = (name: string, rules?: readonly object[]) =>
  authorizationPolicy(name, rules === undefined ? {} : { rules });
const deny = (name: string, rules: readonly object[]) =>
  authorizationPolicy(name, { action: "DENY", rules });

const COMBINED: readonly [
  title: string,
  policies: readonly object[],
  through: readonly Caller[],
][] = [
  ["DENY outranks ALLOW", [
    allow("order-allow", [{}]),
    deny("order-deny", CALLED_BY_SLEEP),
  ], ["notsleep", "stranger", "outsider"]],
  ["one ALLOW policy of several is enough", [
    allow("several-sleep", CALLED_BY_SLEEP),
    allow("several-other", [{ from: [{ source: { namespaces: ["other"] } }] }]),
  ], ["sleep", "stranger"]],
  ["an ALLOW policy without rules denies by default", [
    allow("empty-allow"),
  ], NOBODY],
  ["a DENY rule without conditions denies everybody", [
    deny("deny-all", [{}]),
  ], NOBODY],
  ["an ALLOW rule that only HTTP can decide allows nobody", [
    allow("http-allow", READING),
  ], NOBODY],
  ["an ALLOW rule that HTTP has a part in allows nobody", [
    allow("http-mixed-allow", [{ ...CALLED_BY_SLEEP[0], ...READING[0] }]),
  ], NOBODY],
  ["an ALLOW rule beside one that only HTTP can decide still holds", [
    allow("http-beside", [...READING, ...CALLED_BY_SLEEP]),
  ], ["sleep"]],
  ["a DENY rule that only HTTP can decide fails closed", [
    deny("http-deny", READING),
  ], NOBODY],
  ["a DENY rule keeps what L4 sees of it and drops what only HTTP sees", [
    deny("http-mixed-deny", [{ ...CALLED_BY_SLEEP[0], ...READING[0] }]),
  ], ["notsleep", "stranger", "outsider"]],
];

for (const [title, policies, through] of COMBINED) {
  meshTest(title, async (mesh) => {
    await enforce(mesh, policies, async () => {
      const url = mesh.urlOf(mesh.httpbin);
      assert.deepEqual(await whoGetsThrough(mesh, url), [...through]);
    });
  });
}

async function onBothPorts(mesh: Mesh): Promise<Caller[][]> {
  const url = mesh.urlOf(mesh.httpbin);
  return [
    await whoGetsThrough(mesh, url),
    await whoGetsThrough(mesh, url.replace(":8000/", ":8080/")),
  ];
}
