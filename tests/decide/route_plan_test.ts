import assert from "node:assert/strict";
import { routeOutbound } from "../../src/decide/outbound_route.ts";
import {
  completeRoute,
  type ResolveRoute,
} from "../../src/decide/route_plan.ts";
import { formatAddress } from "../../src/model/address.ts";
import type { Workload } from "../../src/model/workload.ts";
import {
  at,
  atHostname,
  hostOf,
  ip,
  pod,
  service,
  serving,
  stateOf,
} from "../support/sample_mesh.ts";

const client = pod("client", ["10.0.0.1"]);
const unresolved = { ips: [], hostname: "db.example" };

/** The route to a service whose one endpoint has a hostname only. */
function pending(fields: Partial<Workload>, port = 80): ResolveRoute {
  const db = pod("db", [], { ...serving("db"), ...unresolved, ...fields });
  const target = service("db", ["10.1.0.1"], { ports: { [port]: port } });
  const state = stateOf({ workloads: [db], services: [target] });
  const call = { source: client, target: at("10.1.0.1", port) };
  const route = routeOutbound(state, call, () => 0);
  assert.ok(route.kind === "resolve");
  return route;
}

const resolved = ["fd00::7", "192.0.2.7"].map(ip);

Deno.test("completeRoute() goes in the clear to what was resolved", () => {
  const route = completeRoute(pending({ protocol: "TCP" }), resolved, () => 0);
  assert.ok(route.kind === "tcp");
  assert.equal(formatAddress(route.to), "192.0.2.7:80");
  assert.equal(route.destination?.name, "db");
});

Deno.test("completeRoute() asks the tunnel for what was resolved", () => {
  const route = completeRoute(pending({}), resolved, () => 0);
  assert.ok(route.kind === "hbone" && route.via === "direct");
  assert.equal(formatAddress(route.to), "192.0.2.7:15008");
  assert.equal(route.authority, "192.0.2.7:80");
  assert.deepEqual(route.pod, at("192.0.2.7", 80));
});

Deno.test("completeRoute() asks a waypoint for what was called", () => {
  const wp = pod("wp", [], { ...serving("wp"), ...unresolved });
  const state = stateOf({
    workloads: [wp],
    services: [
      service("web", ["10.1.0.1"], { waypoint: atHostname(hostOf("wp")) }),
      service("wp", [], { ports: { 15008: 15008 } }),
    ],
  });
  const call = { source: client, target: at("10.1.0.1", 80) };
  const route = routeOutbound(state, call, () => 0);
  assert.ok(route.kind === "resolve");
  const completed = completeRoute(route, resolved, () => 0);
  assert.ok(completed.kind === "hbone" && completed.via === "waypoint");
  assert.equal(formatAddress(completed.to), "192.0.2.7:15008");
  assert.equal(completed.authority, "10.1.0.1:80");
});

const uid = "cluster1//Pod/ns1/db";
const rejected: [
  name: string,
  port: number,
  ips: string[] | undefined,
  because: string,
][] = [
  [
    "a failed lookup",
    80,
    undefined,
    `no ip addresses were resolved for workload: ${uid}`,
  ],
  [
    "an empty answer",
    80,
    [],
    `ip addresses were resolved for workload ${uid}, but valid dns response had no A/AAAA records`,
  ],
  [
    "a name that means us",
    15008,
    ["127.0.0.1"],
    "attempted recursive call to ourselves",
  ],
];
for (const [name, port, ips, because] of rejected) {
  Deno.test(`completeRoute() rejects ${name}`, () => {
    const route = completeRoute(pending({}, port), ips?.map(ip), () => 0);
    assert.deepEqual(route, { kind: "reject", because });
  });
}

Deno.test("ResolveRoute can cross a thread", () => {
  const route = pending({});
  assert.deepEqual(structuredClone(route), route);
});
