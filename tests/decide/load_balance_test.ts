import assert from "node:assert/strict";
import {
  pickEndpoint,
  type ServiceCall,
} from "../../src/decide/load_balance.ts";
import type { LoadBalancer, Service } from "../../src/model/service.ts";
import type { Workload } from "../../src/model/workload.ts";
import {
  atAddress,
  hostOf,
  pod,
  scripted,
  service,
  serving,
  stateOf,
} from "../support/sample_mesh.ts";

const source = pod("client", ["10.0.0.1"]);
const WEB = `ns1/${hostOf("web")}`;

/** Names and ports that a call finds over enough different turns of chance. */
function picks(
  service: Service,
  workloads: readonly Workload[],
  call: Partial<ServiceCall> = {},
): string[] {
  const state = stateOf({ services: [service], workloads });
  const found = new Set<string>();
  for (const chance of [0, 0.2, 0.4, 0.6, 0.8, 0.999]) {
    const upstream = pickEndpoint(
      state,
      { source, service, port: 80, mode: "standard", ...call },
      scripted(chance),
    );
    if (upstream !== undefined) {
      found.add(`${upstream.workload.name}:${upstream.port}`);
    }
  }
  return [...found].sort();
}

const a = pod("a", ["10.0.0.2"], serving("web"));
const b = pod("b", ["10.0.0.3"], serving("web"));
const web = service("web", ["10.1.0.1"]);
const remote = { network: "net2", ips: [] };

type Row = [
  name: string,
  service: Service,
  workloads: Workload[],
  picked: string[],
];
const standard: Row[] = [
  ["spreads over all", web, [a, b], ["a:8080", "b:8080"]],
  ["leaves out what has no capacity", web, [{ ...a, capacity: 0 }, b], [
    "b:8080",
  ]],
  ["finds nothing without capacity", web, [{ ...a, capacity: 0 }], []],
  ["finds nothing without endpoints", web, [], []],
  ["leaves out the unhealthy", web, [{ ...a, status: "Unhealthy" }, b], [
    "b:8080",
  ]],
  [
    "finds nothing on a port that the service lacks",
    {
      ...web,
      ports: { 443: 8443 },
    },
    [a],
    [],
  ],
  ["prefers the endpoint's own port", web, [
    { ...a, services: { [WEB]: { 80: 9090 } } },
    b,
  ], ["a:9090", "b:8080"]],
  [
    "leaves out endpoints that lack a named port",
    {
      ...web,
      ports: { 80: 0 },
    },
    [{ ...a, services: { [WEB]: { 80: 9090 } } }, b],
    ["a:9090"],
  ],
  ["takes no tunnel for a named port", { ...web, ports: { 80: 0 } }, [
    { ...a, applicationTunnel: { protocol: "PROXY", port: 15088 } },
  ], []],
  ["takes a mapping to 0 for none", web, [
    { ...a, services: { [WEB]: { 80: 0 } } },
  ], ["a:8080"]],
  ["takes a hostname for an address", web, [
    { ...a, ips: [], hostname: "db.example" },
  ], ["a:8080"]],
  ["leaves out what has no address", web, [{ ...a, ips: [] }], []],
  ["ignores a gateway in the same network", web, [
    { ...a, ips: [], networkGateway: atAddress("192.0.2.9") },
  ], []],
  ["takes a gateway to another network", web, [
    { ...a, ...remote, networkGateway: atAddress("192.0.2.9") },
  ], ["a:8080"]],
  ["leaves out another network without a gateway", web, [
    { ...a, ...remote },
  ], []],
];
for (const [name, service, workloads, picked] of standard) {
  Deno.test(`pickEndpoint() ${name}`, () => {
    assert.deepEqual(picks(service, workloads), picked);
  });
}

const tunnel = { protocol: "PROXY", port: 15088 } as const;
const waypoint: Row[] = [
  ["needs no service port behind a tunnel", { ...web, ports: {} }, [
    { ...a, applicationTunnel: tunnel },
    b,
  ], ["a:80"]],
  ["cannot guess a port from a tunnel without one", { ...web, ports: {} }, [
    { ...a, applicationTunnel: { protocol: "NONE" } },
  ], []],
  ["prefers a defined port to a tunnel's", web, [
    { ...a, applicationTunnel: tunnel },
  ], ["a:8080"]],
  ["needs one or the other", { ...web, ports: {} }, [a], []],
  [
    "needs one or the other, whatever the endpoint maps",
    {
      ...web,
      ports: {},
    },
    [{ ...a, services: { [WEB]: { 80: 9090 } } }],
    [],
  ],
];
for (const [name, service, workloads, picked] of waypoint) {
  Deno.test(`pickEndpoint() of a waypoint ${name}`, () => {
    assert.deepEqual(picks(service, workloads, { mode: "waypoint" }), picked);
  });
}

const byNetwork = (mode: LoadBalancer["mode"]): Service => ({
  ...web,
  loadBalancer: {
    mode,
    routingPreferences: ["Network", "Region"],
    healthPolicy: "OnlyHealthy",
  },
});
const region = (region: string) => ({
  locality: { region, zone: "", subzone: "" },
});
const far = { ...b, network: "net2", networkGateway: atAddress("192.0.2.9") };
const local: Row[] = [
  ["keeps to the nearest", byNetwork("Failover"), [a, far], ["a:8080"]],
  ["goes further when the nearest is unhealthy", byNetwork("Failover"), [
    { ...a, status: "Unhealthy" },
    far,
  ], ["b:8080"]],
  ["goes no further when the nearest has no capacity", byNetwork("Failover"), [
    { ...a, capacity: 0 },
    far,
  ], []],
  ["spreads over equally near ones", byNetwork("Failover"), [
    { ...a, ...region("eu") },
    { ...b, ...region("us") },
  ], ["a:8080", "b:8080"]],
  ["never goes further when strict", byNetwork("Strict"), [
    { ...a, ...region("eu") },
    far,
  ], []],
  ["counts only usable ones as near", byNetwork("Failover"), [
    { ...a, ips: [] },
    far,
  ], ["b:8080"]],
];
for (const [name, service, workloads, picked] of local) {
  Deno.test(`pickEndpoint() by locality ${name}`, () => {
    assert.deepEqual(picks(service, workloads), picked);
  });
}

Deno.test("pickEndpoint() weighs by capacity", () => {
  const state = stateOf({
    services: [web],
    workloads: [a, { ...b, capacity: 3 }],
  });
  const at = (chance: number) =>
    pickEndpoint(
      state,
      { source, service: web, port: 80, mode: "standard" },
      () => chance,
    )?.workload.name;
  assert.deepEqual([0, 0.24, 0.26, 0.99].map(at), ["a", "a", "b", "b"]);
});
