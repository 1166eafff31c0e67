import assert from "node:assert/strict";
import fc from "fast-check";
import { EMPTY_DELTA, type MeshDelta } from "../../src/model/delta.ts";
import { MeshState } from "../../src/model/mesh_state.ts";
import { type Service, serviceKey } from "../../src/model/service.ts";
import type { Workload } from "../../src/model/workload.ts";
import {
  cidr,
  hostOf,
  ip,
  pod,
  service,
  serving,
  stateOf,
} from "../support/sample_mesh.ts";

const WEB = `ns1/${hostOf("web")}`;
const web = service("web", ["10.1.0.1"]);
const webWith = (healthPolicy: "OnlyHealthy" | "AllowAll") =>
  service("web", ["10.1.0.1"], {
    loadBalancer: { mode: "Standard", routingPreferences: [], healthPolicy },
  });
const sick = { status: "Unhealthy" } as const;
const a = pod("a", ["10.0.0.1"], serving("web"));
const b = pod("b", ["10.0.0.2"], { ...serving("web"), ...sick });

const endpointsOf = (state: MeshState, key = WEB): string[] =>
  [...state.endpoints(key)].map((e) => e.workload.name);

type Step = Partial<MeshDelta>;
const endpoints: [name: string, steps: Step[], names: string[]][] = [
  ["keeps out the unhealthy", [{ workloads: [a, b], services: [web] }], ["a"]],
  ["stages workloads until their service comes", [
    { workloads: [a, b] },
    { services: [web] },
  ], ["a"]],
  ["forgets what was removed while staged", [
    { workloads: [a] },
    { removedWorkloads: [a.uid] },
    { services: [web] },
  ], []],
  ["is empty for a service that is not known", [{ workloads: [a] }], []],
  ["drops one that turned unhealthy", [
    { workloads: [a], services: [web] },
    { workloads: [{ ...a, ...sick }] },
  ], []],
  ["takes one back that recovered", [
    { workloads: [b], services: [web] },
    { workloads: [{ ...b, status: "Healthy" }] },
  ], ["b"]],
  ["drops one that no longer names the service", [
    { workloads: [a], services: [web] },
    { workloads: [{ ...a, services: {} }] },
  ], []],
  ["drops one that was removed", [
    { workloads: [a, pod("c", [], serving("web"))], services: [web] },
    { removedWorkloads: [a.uid] },
  ], ["c"]],
  ["removes after it upserts", [
    { workloads: [a], services: [web], removedWorkloads: [a.uid] },
  ], []],
  ["survives an update of the service", [
    { workloads: [a], services: [web] },
    { services: [webWith("OnlyHealthy")] },
  ], ["a"]],
  ["keeps all where the service allows all", [
    { workloads: [a, b], services: [webWith("AllowAll")] },
  ], ["a", "b"]],
  ["brings the unhealthy back when the service starts to allow all", [
    { workloads: [a, b], services: [webWith("OnlyHealthy")] },
    { services: [webWith("AllowAll")] },
  ], ["a", "b"]],
  ["sends them away when it stops", [
    { workloads: [a, b], services: [webWith("AllowAll")] },
    { services: [web] },
  ], ["a"]],
  ["is whole when a removed service comes back", [
    { workloads: [a], services: [web] },
    { removedServices: [WEB] },
    { services: [web] },
  ], ["a"]],
];
for (const [name, steps, names] of endpoints) {
  Deno.test(`MeshState.endpoints() ${name}`, () => {
    const state = new MeshState();
    for (const step of steps) {
      state.apply({ ...EMPTY_DELTA, ...step });
      endpointsOf(state); // A read in between must not freeze the answer.
    }
    assert.deepEqual(endpointsOf(state), names);
  });
}

Deno.test("MeshState.endpoints() carries each endpoint's own ports", () => {
  const named = pod("a", [], { services: { [WEB]: { 80: 9090 } } });
  const state = stateOf({ workloads: [named], services: [web] });
  assert.deepEqual([...state.endpoints(WEB)], [{
    workload: named,
    ports: { 80: 9090 },
  }]);
});

Deno.test("MeshState.stagedEndpoints() lists those without a service", () => {
  const db = pod("db", [], { ...serving("db"), ...sick });
  const state = stateOf({ workloads: [a, db], services: [web] });
  const staged = state.stagedEndpoints();
  assert.deepEqual([...staged.keys()], [`ns1/${hostOf("db")}`]);
  assert.deepEqual([...staged.values()][0]?.map((e) => e.workload), [db]);
});

const wide = service("wide", [], {
  cidrVips: [{ network: "", cidr: cidr("10.0.0.0/8") }],
});
const both = service("both", ["10.0.0.1"]);
const addresses: [name: string, address: string, found: string | undefined][] =
  [
    ["prefers a service's exact address to a workload's", "10.0.0.1", "both"],
    ["prefers a workload's address to a range", "10.0.0.3", "c"],
    ["takes the range last", "10.9.9.9", "wide"],
    ["finds a mapped address", "::ffff:10.0.0.3", "c"],
    ["finds nothing elsewhere", "192.0.2.1", undefined],
  ];
for (const [name, address, found] of addresses) {
  Deno.test(`MeshState.findAddress() ${name}`, () => {
    const c = pod("c", ["10.0.0.3"]);
    const state = stateOf({ workloads: [a, c], services: [wide, both] });
    const addressee = state.findAddress("", ip(address));
    const name = addressee?.kind === "service"
      ? addressee.service.name
      : addressee?.workload.name;
    assert.equal(name, found);
  });
}

Deno.test("MeshState.serviceByVip() falls through a hidden exact address to a range", () => {
  const hidden = service("hidden", ["10.0.0.9"], { visibility: "Namespace" });
  const state = stateOf({ services: [hidden, wide] });
  const find = (namespace?: string) =>
    state.serviceByVip("", ip("10.0.0.9"), namespace)?.name;
  assert.equal(find("ns2"), "wide");
  assert.equal(find("ns1"), "hidden");
  assert.equal(find(), "hidden");
});

Deno.test("MeshState leaves alone what was handed out", () => {
  const state = stateOf({ workloads: [a], services: [web] });
  const [before] = state.endpoints(WEB);
  state.apply({ ...EMPTY_DELTA, workloads: [{ ...a, capacity: 7 }] });
  assert.equal(before?.workload.capacity, 1);
  assert.equal([...state.endpoints(WEB)][0]?.workload.capacity, 7);
});

Deno.test("MeshState.apply() ignores removals of the unknown", () => {
  const state = stateOf({
    removedWorkloads: ["x"],
    removedServices: ["x/y"],
    removedPolicies: ["x/y"],
  });
  assert.deepEqual(
    [state.workloads.size, state.services.size, state.policies.size],
    [0, 0, 0],
  );
});

const NAMES = ["a1", "web", "four", "fifth"];
const anyWorkload: fc.Arbitrary<Workload> = fc.record({
  name: fc.constantFrom(...NAMES),
  version: fc.nat(1),
  status: fc.constantFrom("Healthy" as const, "Unhealthy" as const),
  services: fc.subarray(NAMES),
}).map(({ name, version, status, services }) =>
  pod(name, [`10.0.${version}.${name.length}`], {
    status,
    ...serving(...services),
  })
);
const anyService: fc.Arbitrary<Service> = fc.record({
  name: fc.constantFrom(...NAMES),
  healthPolicy: fc.constantFrom("OnlyHealthy" as const, "AllowAll" as const),
}).map(({ name, healthPolicy }) =>
  service(name, [`10.1.0.${name.length}`], {
    loadBalancer: { mode: "Standard", routingPreferences: [], healthPolicy },
  })
);
const anyDelta: fc.Arbitrary<MeshDelta> = fc.record({
  workloads: fc.array(anyWorkload, { maxLength: 4 }),
  services: fc.array(anyService, { maxLength: 3 }),
  policies: fc.constant([]),
  removedWorkloads: fc.subarray(NAMES.map((name) => pod(name, []).uid), {
    maxLength: 2,
  }),
  removedServices: fc.subarray(NAMES.map((n) => serviceKey(service(n, []))), {
    maxLength: 1,
  }),
  removedPolicies: fc.constant([]),
});

Deno.test("MeshState after any deltas is as if made from what is left", () => {
  fc.assert(fc.property(fc.array(anyDelta, { maxLength: 8 }), (deltas) => {
    const state = new MeshState();
    for (const delta of deltas) {
      state.apply(delta);
      summary(state); // What a read caches must not outlive the next delta.
    }
    const fresh = stateOf({
      workloads: [...state.workloads.values()],
      services: [...state.services.values()],
    });
    for (const { uid, network, ips } of state.workloads.values()) {
      assert.equal(state.workloadByIp(network, ips[0]!)?.uid, uid);
    }
    assert.deepEqual(summary(state), summary(fresh));
  }));
});

/** Everything that the lookups say, without regard to order. */
function summary(state: MeshState) {
  const staged = [...state.stagedEndpoints()].map(([key, endpoints]) =>
    [key, endpoints.map((e) => e.workload).sort(byUid)] as const
  );
  const named = NAMES.map((name) => ({
    service: state.serviceByVip("", ip(`10.1.0.${name.length}`)),
    endpoints: endpointsOf(state, `ns1/${hostOf(name)}`).sort(),
    workloads: [0, 1].map((version) =>
      state.workloadByIp("", ip(`10.0.${version}.${name.length}`))
    ),
  }));
  return { named, staged: staged.sort() };
}

const byUid = (a: Workload, b: Workload) => a.uid < b.uid ? -1 : 1;
