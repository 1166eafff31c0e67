import assert from "node:assert/strict";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { diffMesh, isEmptyDelta, isEqual } from "../../src/model/diff.ts";
import type { Policy } from "../../src/model/policy.ts";
import { DEFAULT_SERVICE } from "../../src/model/service.ts";
import { DEFAULT_WORKLOAD } from "../../src/model/workload.ts";

const workload = (uid: string, node = "") => ({
  ...DEFAULT_WORKLOAD,
  uid,
  node,
});
const service = (hostname: string, port = 80) => ({
  ...DEFAULT_SERVICE,
  namespace: "shop",
  hostname,
  ports: { [port]: port },
});
const policy = (name: string, dryRun = false): Policy => ({
  key: `shop/${name}`,
  name,
  namespace: "shop",
  scope: "Namespace",
  action: "Deny",
  dryRun,
  rules: [],
});
const nothing = { workloads: [], services: [], policies: [] };

Deno.test("diffMesh() names all that is new", () => {
  const next = {
    workloads: [workload("a")],
    services: [service("a")],
    policies: [policy("a")],
  };
  assert.deepEqual(diffMesh(nothing, next), { ...EMPTY_DELTA, ...next });
});

Deno.test("diffMesh() names all that is gone, by key", () => {
  const previous = {
    workloads: [workload("a")],
    services: [service("a")],
    policies: [policy("a")],
  };
  assert.deepEqual(diffMesh(previous, nothing), {
    ...EMPTY_DELTA,
    removedWorkloads: ["a"],
    removedServices: ["shop/a"],
    removedPolicies: ["shop/a"],
  });
});

Deno.test("diffMesh() names only what changed", () => {
  const delta = diffMesh(
    {
      workloads: [workload("a"), workload("b")],
      services: [service("a"), service("b")],
      policies: [policy("a"), policy("b")],
    },
    {
      workloads: [workload("b", "node-1"), workload("a")],
      services: [service("a"), service("b", 81)],
      policies: [policy("a"), policy("b", true)],
    },
  );
  assert.deepEqual(delta, {
    ...EMPTY_DELTA,
    workloads: [workload("b", "node-1")],
    services: [service("b", 81)],
    policies: [policy("b", true)],
  });
});

Deno.test("diffMesh() finds nothing between equal states", () => {
  const state = () => ({ ...nothing, workloads: [workload("a")] });
  assert.ok(isEmptyDelta(diffMesh(state(), state())));
  assert.ok(!isEmptyDelta(diffMesh(nothing, state())));
});

const pairs: [a: unknown, b: unknown, equal: boolean][] = [
  [1, 1, true],
  [NaN, NaN, true],
  [1, "1", false],
  [null, {}, false],
  [undefined, null, false],
  [[], {}, false],
  [{ a: 1, b: [2] }, { b: [2], a: 1 }, true],
  [[1, 2], [2, 1], false],
  [[1], [1, 2], false],
  [{ a: undefined }, { b: undefined }, false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{}, { toString: 1 }, false],
  [{ toString: 1 }, { a: 1 }, false],
];
for (const [a, b, equal] of pairs) {
  Deno.test(`isEqual() of ${JSON.stringify([a, b])} is ${equal}`, () => {
    assert.equal(isEqual(a, b), equal);
    assert.equal(isEqual(b, a), equal);
  });
}
