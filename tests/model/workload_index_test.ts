import assert from "node:assert/strict";
import { WorkloadIndex } from "../../src/model/workload_index.ts";
import type { Workload } from "../../src/model/workload.ts";
import { ip, pod } from "../support/sample_mesh.ts";

function indexOf(...workloads: readonly Workload[]): WorkloadIndex {
  const index = new WorkloadIndex();
  for (const workload of workloads) index.put(workload);
  return index;
}

const entry = (uid: string, fields: Partial<Workload> = {}) =>
  pod(uid, ["10.0.0.1"], { uid, ...fields });

const sharing: [name: string, workloads: Workload[], uid: string][] = [
  ["prefers a pod to a WorkloadEntry", [
    pod("web", ["10.0.0.1"], { protocol: "TCP" }),
    entry("entry"),
  ], "cluster1//Pod/ns1/web"],
  ["prefers HBONE among pods", [
    pod("a", ["10.0.0.1"]),
    pod("b", ["10.0.0.1"], { protocol: "TCP" }),
  ], "cluster1//Pod/ns1/a"],
  ["prefers HBONE among others", [
    entry("a", { protocol: "TCP" }),
    entry("b"),
    entry("c", { protocol: "TCP" }),
  ], "b"],
  ["prefers the newest among equals", [entry("a"), entry("b")], "b"],
];
for (const [name, workloads, uid] of sharing) {
  Deno.test(`WorkloadIndex.byIp() ${name}`, () => {
    const index = indexOf(...workloads);
    assert.equal(index.byIp("", ip("10.0.0.1"))?.uid, uid);
  });
}

Deno.test("WorkloadIndex.byIp() falls back when the better workload goes", () => {
  const index = indexOf(entry("entry"), pod("web", ["10.0.0.1"]));
  index.delete("cluster1//Pod/ns1/web");
  assert.equal(index.byIp("", ip("10.0.0.1"))?.uid, "entry");
});

Deno.test("WorkloadIndex.byIp() does not know host-network workloads", () => {
  const index = indexOf(
    pod("agent", ["10.0.0.1"], { networkMode: "HostNetwork" }),
  );
  assert.equal(index.byIp("", ip("10.0.0.1")), undefined);
  assert.equal(index.byUid.size, 1);
});

Deno.test("WorkloadIndex.put() leaves no trace of what it replaces", () => {
  const index = indexOf(pod("web", ["10.0.0.1"], { hostname: "old.example" }));
  const { replaced } = index.put(
    pod("web", ["10.0.0.2"], { hostname: "new.example" }),
  );
  assert.deepEqual(replaced?.ips, ["10.0.0.1"]);
  assert.equal(index.byIp("", ip("10.0.0.1")), undefined);
  assert.equal(index.byIp("", ip("10.0.0.2"))?.name, "web");
  assert.equal(index.byHostname("ns1", "old.example"), undefined);
  assert.equal(index.byHostname("ns1", "new.example")?.name, "web");
});

const query = { name: "web", namespace: "ns1", serviceAccount: "web" };
const local: [name: string, changed: Record<string, string>, known: boolean][] =
  [
    ["finds it on this node", { node: "node-a" }, true],
    ["finds it on any node when none is named", {}, true],
    ["misses it on another node", { node: "node-b" }, false],
    ["misses another service account", { serviceAccount: "x" }, false],
    ["misses another namespace", { namespace: "ns2" }, false],
    ["misses another name", { name: "we" }, false],
  ];
for (const [name, changed, known] of local) {
  Deno.test(`WorkloadIndex.local() ${name}`, () => {
    const index = indexOf(pod("web", ["10.0.0.1"], { node: "node-a" }));
    const found = index.local({ ...query, ...changed });
    assert.equal(found?.name, known ? "web" : undefined);
  });
}

Deno.test("WorkloadIndex.fronted() follows who names a waypoint", () => {
  const waypoint = { port: 15008, ip: ip("10.9.0.1"), network: "" } as never;
  const index = indexOf(
    pod("web", ["10.0.0.1"], { waypoint }),
    pod("plain", ["10.0.0.2"]),
  );
  const names = () => index.fronted().map(({ name }) => name);
  assert.deepEqual(names(), ["web"]);
  index.put(pod("plain", ["10.0.0.2"], { waypoint }));
  assert.deepEqual(names(), ["web", "plain"]);
  index.put(pod("web", ["10.0.0.1"]));
  index.delete("cluster1//Pod/ns1/plain");
  assert.deepEqual(names(), []);
});
