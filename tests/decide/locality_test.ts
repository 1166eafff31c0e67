import assert from "node:assert/strict";
import { localityScore } from "../../src/decide/locality.ts";
import type { LoadBalancer, RoutingScope } from "../../src/model/service.ts";
import type { Workload } from "../../src/model/workload.ts";
import { pod } from "../support/sample_mesh.ts";

const source = place("net1", "reg", "zone");

function place(
  network: string,
  region: string,
  zone: string,
  fields: Partial<Workload> = {},
): Workload {
  return pod("x", [], {
    network,
    locality: { region, zone, subzone: "" },
    ...fields,
  });
}

const balancer = (
  mode: LoadBalancer["mode"],
  ...routingPreferences: readonly RoutingScope[]
): LoadBalancer => ({ mode, routingPreferences, healthPolicy: "OnlyHealthy" });

const table: [
  name: string,
  endpoint: Workload,
  failover: number,
  strict: number | undefined,
][] = [
  ["all match", place("net1", "reg", "zone"), 5, 5],
  ["network and region match", place("net1", "reg", "other"), 4, undefined],
  ["the network matches", place("net1", "other", "zone"), 3, undefined],
  ["all but the network match", place("net2", "reg", "zone"), 2, undefined],
  ["the region matches", place("net2", "reg", "other"), 1, undefined],
  ["nothing matches", place("net2", "other", "other"), 0, undefined],
  ["only the zone matches", place("net2", "other", "zone"), 0, undefined],
];
for (const [name, endpoint, failover, strict] of table) {
  Deno.test(`localityScore() by network, region, zone when ${name}`, () => {
    const score = (mode: LoadBalancer["mode"]) =>
      localityScore(
        source,
        endpoint,
        balancer(mode, "Network", "Region", "Zone"),
      );
    assert.deepEqual([score("Failover"), score("Strict")], [failover, strict]);
  });
}

Deno.test("localityScore() ends at another network that is not the first preference", () => {
  const preferences = balancer("Failover", "Region", "Network", "Zone");
  const elsewhere = place("net2", "reg", "zone");
  assert.equal(localityScore(source, elsewhere, preferences), 1);
});

Deno.test("localityScore() compares every scope", () => {
  const scopes: [RoutingScope, Partial<Workload>][] = [
    ["Network", { network: "net9" }],
    ["Region", { locality: { region: "r9", zone: "zone", subzone: "" } }],
    ["Zone", { locality: { region: "reg", zone: "z9", subzone: "" } }],
    ["Subzone", { locality: { region: "reg", zone: "zone", subzone: "s9" } }],
    ["Node", { node: "node-9" }],
    ["Cluster", { clusterId: "cluster9" }],
  ];
  for (const [scope, fields] of scopes) {
    const strict = balancer("Strict", scope);
    const other = place("net1", "reg", "zone", fields);
    assert.notEqual(localityScore(source, source, strict), undefined, scope);
    assert.equal(localityScore(source, other, strict), undefined, scope);
  }
});

Deno.test("localityScore() is the same for all without preferences", () => {
  const far = place("net2", "other", "other");
  const ranked = balancer("Standard", "Network", "Region");
  assert.equal(localityScore(source, far, undefined), 0);
  assert.equal(localityScore(source, far, ranked), 0);
  assert.equal(localityScore(source, source, ranked), 0);
  assert.equal(localityScore(source, far, balancer("Strict")), 0);
});
