import assert from "node:assert/strict";
import fc from "fast-check";
import { EMPTY_DELTA, type MeshDelta } from "../../src/model/delta.ts";
import { slicesOf } from "../../src/model/slices.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { PolicyKey, ServiceKey } from "../../src/model/workload.ts";
import { pod, service } from "../support/sample_mesh.ts";

const policy = (name: string, action: Policy["action"]): Policy => ({
  key: `ns1/${name}` as PolicyKey,
  name,
  namespace: "ns1",
  scope: "Namespace",
  action,
  dryRun: false,
  rules: [],
});

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const delta = (counts: Record<keyof MeshDelta, number>): MeshDelta => ({
  policies: names("p", counts.policies).map((name, i) =>
    policy(name, i % 2 === 0 ? "Allow" : "Deny")
  ),
  services: names("s", counts.services).map((name) => service(name, [])),
  workloads: names("w", counts.workloads).map((name) => pod(name, [])),
  removedWorkloads: names("rw", counts.removedWorkloads),
  removedServices: names("rs", counts.removedServices) as ServiceKey[],
  removedPolicies: names("rp", counts.removedPolicies) as PolicyKey[],
});

const keys = Object.keys(EMPTY_DELTA) as (keyof MeshDelta)[];
const entriesOf = (slice: MeshDelta, key: keyof MeshDelta) =>
  slice[key] as readonly unknown[];
const lengthOf = (slice: MeshDelta) =>
  keys.reduce((sum, key) => sum + slice[key].length, 0);

Deno.test("slicesOf() keeps every entry, once, in parts of that size", () => {
  const counts = fc.record({
    policies: fc.nat(20),
    services: fc.nat(20),
    workloads: fc.nat(20),
    removedWorkloads: fc.nat(20),
    removedServices: fc.nat(20),
    removedPolicies: fc.nat(20),
  });
  fc.assert(fc.property(counts, fc.integer({ min: 1, max: 7 }), (c, size) => {
    const whole = delta(c);
    const slices = [...slicesOf(whole, size)];
    for (const slice of slices) {
      assert.ok(lengthOf(slice) >= 1 && lengthOf(slice) <= size);
    }
    for (const key of keys) {
      const found = new Set(slices.flatMap((slice) => entriesOf(slice, key)));
      assert.deepEqual(found, new Set(entriesOf(whole, key)));
      assert.equal(found.size, c[key]);
    }
  }));
});

Deno.test("slicesOf() puts policies first, DENY in front, and takes policies away last", () => {
  const one = { services: 1, workloads: 1, removedWorkloads: 1 };
  const whole = delta({
    ...one,
    policies: 4,
    removedServices: 1,
    removedPolicies: 1,
  });
  const told = [...slicesOf(whole, 1)].map((slice) => {
    const key = keys.find((k) => slice[k].length > 0)!;
    return key === "policies" ? slice.policies[0]!.action : key;
  });
  assert.deepEqual(told, [
    ...["Deny", "Deny", "Allow", "Allow"],
    ...["services", "workloads", "removedWorkloads"],
    ...["removedServices", "removedPolicies"],
  ]);
});

Deno.test("slicesOf() makes nothing of nothing", () => {
  assert.deepEqual([...slicesOf(EMPTY_DELTA, 10)], []);
});
