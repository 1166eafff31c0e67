import assert from "node:assert/strict";
import type { MeshDelta } from "../../../src/model/delta.ts";
import type { UpstreamPolicy } from "../../../src/model/waypoint_config.ts";
import type { WaypointCall } from "../../../src/proxy/waypoint/call.ts";
import { hopTo } from "../../../src/proxy/waypoint/hop.ts";
import { Loads } from "../../../src/proxy/waypoint/loads.ts";
import { TestProxy } from "../../support/proxy_context.ts";
import {
  at,
  hostOf,
  pod,
  service,
  serving,
} from "../../support/sample_mesh.ts";
import { waypointView } from "../../support/waypoint_view.ts";

const KEY = `ns1/${hostOf("web")}`;
const TARGET = { kind: "service", service: KEY, port: 80 } as const;
const [ONE, TWO] = [
  pod("one", ["10.0.0.1"], serving("web")),
  pod("two", ["10.0.0.2"], serving("web")),
];
const MESH: Partial<MeshDelta> = {
  workloads: [ONE, TWO],
  services: [service("web", ["10.1.0.1"])],
};

/** The parts of a call that choosing an endpoint reads. */
function callOf(
  mesh: Partial<MeshDelta>,
  balancing: UpstreamPolicy["balancing"] = "ROUND_ROBIN",
): WaypointCall {
  const { context, served } = new TestProxy(mesh);
  const upstreams = { [KEY]: { balancing, connectTimeoutMs: 1 } };
  const view = waypointView({ config: { upstreams } });
  return {
    context,
    view,
    pod: served,
    workload: pod("waypoint", ["10.0.0.9"]),
    loads: new Loads(),
    hops: 1,
    target: { kind: "workload", workload: ONE, port: 9000 },
    dst: at("10.0.0.1", 9000),
  } as unknown as WaypointCall;
}

async function nameOf(...args: Parameters<typeof hopTo>): Promise<string> {
  const hop = await hopTo(...args);
  return typeof hop === "string" ? hop : `${hop.route.destination?.name}`;
}

Deno.test("hopTo() takes a service's endpoints in turn", async () => {
  const call = callOf(MESH);
  const names = [];
  for (let turn = 0; turn < 4; turn++) names.push(await nameOf(call, TARGET));
  assert.deepEqual(new Set(names.slice(0, 2)), new Set(["one", "two"]));
  assert.deepEqual(names.slice(2), names.slice(0, 2));
});

Deno.test("hopTo() takes the endpoint with less under way", async () => {
  const call = callOf(MESH, "LEAST_REQUEST");
  for (const [busy, free] of [[ONE, TWO], [TWO, ONE]] as const) {
    using _busy = call.loads.begin(busy.uid);
    assert.equal(await nameOf(call, TARGET), free.name);
  }
});

Deno.test("hopTo() takes an endpoint that has failed only without another", async () => {
  const call = callOf(MESH);
  for (let turn = 0; turn < 3; turn++) {
    assert.equal(await nameOf(call, TARGET, new Set([ONE.uid])), "two");
  }
  const all = new Set([ONE.uid, TWO.uid]);
  assert.match(await nameOf(call, TARGET, all), /^(one|two)$/);
});

Deno.test("hopTo() opens a tunnel to the port that the service leads to", async () => {
  const hop = await hopTo(callOf(MESH), TARGET, new Set([TWO.uid]));
  assert.ok(typeof hop !== "string" && hop.route.kind === "hbone");
  assert.deepEqual(
    [hop.route.to, hop.route.authority, hop.hops],
    [at("10.0.0.1", 15_008), "10.0.0.1:8080", 2],
  );
});

Deno.test("hopTo() goes to the pod that was called, as it was called", async () => {
  const hop = await hopTo(callOf(MESH), undefined);
  assert.ok(typeof hop !== "string" && hop.route.kind === "hbone");
  assert.equal(hop.route.authority, "10.0.0.1:9000");
});

const nowhere: [name: string, mesh: Partial<MeshDelta>, because: RegExp][] = [
  ["a service that nobody knows", {}, /^unknown service: ns1\/web/],
  [
    "a service without endpoints",
    { services: MESH.services! },
    /endpoint|healthy/,
  ],
];
for (const [name, mesh, because] of nowhere) {
  Deno.test(`hopTo() says why there is no way to ${name}`, async () => {
    assert.match(await nameOf(callOf(mesh), TARGET), because);
  });
}
