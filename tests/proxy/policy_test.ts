import assert from "node:assert/strict";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { EMPTY_MATCH, type Policy } from "../../src/model/policy.ts";
import { checkPolicy, denialOf, stillAllowed } from "../../src/proxy/policy.ts";
import { at, pod } from "../support/sample_mesh.ts";
import { PROXY_SETTINGS, TestProxy } from "../support/proxy_context.ts";

const web = pod("web", ["10.0.0.2"]);
const connection = {
  src: at("10.0.0.1", 40_000),
  dst: at("10.0.0.2", 8080),
  identity: undefined,
};

/** A policy of ns1 on a port: 8080 hits. */
const policy = (
  name: string,
  action: Policy["action"],
  port: number,
  dryRun = false,
): Policy => ({
  key: `ns1/${name}` as Policy["key"],
  name,
  namespace: "ns1",
  scope: "Namespace",
  action,
  dryRun,
  rules: [[[{ ...EMPTY_MATCH, destinationPorts: [port] }]]],
});

const DRY_RUN = "hairpin_authorization_dry_run_total";

const rows: [
  name: string,
  policies: Policy[],
  allow: boolean,
  lines: string[],
  counted: string[],
][] = [
  ["no policy", [], true, ["debug\tstate\tno allow policies, allow\t"], []],
  [
    "an ALLOW policy that matches",
    [policy("yes", "Allow", 8080)],
    true,
    ['debug\tstate\tallow policy match\tpolicy="ns1/yes"'],
    [],
  ],
  [
    "ALLOW policies that do not match",
    [policy("yes", "Allow", 1), policy("no", "Deny", 1)],
    false,
    ["debug\tstate\tno allow policies matched\t"],
    [],
  ],
  [
    "a DENY policy that matches",
    [policy("yes", "Allow", 8080), policy("no", "Deny", 8080)],
    false,
    ['debug\tstate\tdeny policy match\tpolicy="ns1/no"'],
    [],
  ],
  [
    "a dry-run DENY policy that matches",
    [policy("try", "Deny", 8080, true)],
    true,
    [
      "debug\tstate\tno allow policies, allow\t",
      'debug\tstate\tdry-run: deny policy match\tpolicy="ns1/try"',
    ],
    [`${DRY_RUN}{policy="ns1/try",action="deny",outcome="match"} 1`],
  ],
  [
    "a dry-run ALLOW policy that matches",
    [policy("try", "Allow", 8080, true)],
    true,
    [
      "debug\tstate\tno allow policies, allow\t",
      'debug\tstate\tdry-run: allow policy match\tpolicy="ns1/try"',
    ],
    [`${DRY_RUN}{policy="ns1/try",action="allow",outcome="match"} 1`],
  ],
  [
    "a dry-run ALLOW policy that would shut the others out",
    [policy("try", "Allow", 1, true)],
    true,
    [
      "debug\tstate\tno allow policies, allow\t",
      "debug\tstate\tdry-run: no allow policies match\t",
    ],
    [`${DRY_RUN}{policy="none",action="allow",outcome="no_match"} 1`],
  ],
];
for (const [name, policies, allow, lines, counted] of rows) {
  Deno.test(`checkPolicy() says what came of ${name}`, () => {
    const proxy = new TestProxy({ workloads: [web], policies });
    const verdict = checkPolicy(proxy.context, web, connection);
    assert.equal(verdict.allow, allow);
    assert.deepEqual(proxy.lines(), lines);
    assert.deepEqual(proxy.series(DRY_RUN), counted);
    assert.equal(stillAllowed(proxy.context, web, connection), allow);
    // Asking again is neither logged nor counted.
    assert.deepEqual(proxy.lines(), lines);
    assert.deepEqual(proxy.series(DRY_RUN), counted);
  });
}

Deno.test("checkPolicy() says it at info where that is asked for", () => {
  const settings = { ...PROXY_SETTINGS, authzInfoLogging: true };
  const proxy = new TestProxy({ workloads: [web] }, { settings }, "info");
  checkPolicy(proxy.context, web, connection);
  assert.deepEqual(proxy.lines(), [
    "info\tstate\tno allow policies, allow\t",
  ]);
  const quiet = new TestProxy({ workloads: [web] }, {}, "info");
  checkPolicy(quiet.context, web, connection);
  assert.deepEqual(quiet.lines(), []);
});

Deno.test("stillAllowed() asks today's policies and today's record of the workload", () => {
  const proxy = new TestProxy({ workloads: [web] });
  assert.ok(stillAllowed(proxy.context, web, connection));
  const no = policy("no", "Deny", 8080);
  const selector: Policy = { ...no, scope: "WorkloadSelector" };
  proxy.mesh.apply({ ...EMPTY_DELTA, policies: [selector] });
  assert.ok(stillAllowed(proxy.context, web, connection));
  const selected = { ...web, authorizationPolicies: [no.key] };
  proxy.mesh.apply({ ...EMPTY_DELTA, workloads: [selected] });
  assert.ok(!stillAllowed(proxy.context, web, connection));
  // A workload that has gone is judged as it was last known here.
  proxy.mesh.apply({ ...EMPTY_DELTA, removedWorkloads: [web.uid] });
  assert.ok(stillAllowed(proxy.context, web, connection));
  assert.ok(!stillAllowed(proxy.context, selected, connection));
});

Deno.test("denialOf() asks DENY policies only", () => {
  const proxy = new TestProxy({
    workloads: [web],
    policies: [policy("yes", "Allow", 1)],
  });
  assert.equal(denialOf(proxy.context, web, connection), undefined);
  proxy.mesh.apply({ ...EMPTY_DELTA, policies: [policy("no", "Deny", 8080)] });
  assert.equal(
    denialOf(proxy.context, web, connection),
    "explicitly denied by: ns1/no",
  );
});
