import assert from "node:assert/strict";
import {
  type Traversal,
  waypointTraversal,
} from "../../src/decide/waypoint_due.ts";
import { type Identity, parseIdentity } from "../../src/model/identity.ts";
import type { Service } from "../../src/model/service.ts";
import type { Workload } from "../../src/model/workload.ts";
import {
  at,
  atAddress,
  atHostname,
  hostOf,
  idOf,
  pod,
  service,
  serving,
  stateOf,
} from "../support/sample_mesh.ts";

const VIA = atHostname(hostOf("waypoint"));
const ANOTHER = atHostname(hostOf("another"));

/** Two waypoints with their services; only `fields` differ from row to row. */
function traversal(fields: {
  readonly web?: Partial<Service>;
  readonly pod?: Partial<Workload>;
  readonly without?: string;
  readonly peer?: string;
  readonly port?: number;
  readonly called?: string;
  /** The service has no waypoint. */
  readonly bare?: boolean;
}): Traversal {
  const target = pod("web", ["10.0.0.2"], { ...serving("web"), ...fields.pod });
  const workloads = [
    target,
    pod("waypoint", ["10.0.0.8"], serving("waypoint")),
    pod("another", ["10.0.0.9"], serving("another")),
  ];
  const state = stateOf({
    workloads: workloads.filter(({ name }) => name !== fields.without),
    services: [
      service(
        "web",
        ["10.1.0.2"],
        fields.bare ? {} : { waypoint: VIA, ...fields.web },
      ),
      service("waypoint", ["10.1.0.8"], { ports: { 15008: 15008 } }),
      service("another", ["10.1.0.9"], { ports: { 15008: 15008 } }),
    ],
  });
  const identity: Identity | undefined = fields.peer === undefined
    ? undefined
    : parseIdentity(fields.peer);
  const dst = at("10.0.0.2", fields.port ?? 8080);
  const calledHost = fields.called;
  return waypointTraversal(state, { pod: target, identity, dst, calledHost });
}

const inWords = (found: Traversal): string =>
  found.kind === "bypassed"
    ? `ask ${found.due.authority}${found.asIstioDoes ? ", excused" : ""}`
    : found.kind;

const rows: [
  name: string,
  fields: Parameters<typeof traversal>[0],
  result: string,
][] = [
  ["asks for the service's address", {}, "ask 10.1.0.2:80"],
  ["turns round a mesh peer", { peer: idOf("client") }, "ask 10.1.0.2:80"],
  ["turns round the pod itself", { peer: idOf("web") }, "ask 10.1.0.2:80"],
  ["lets the waypoint pass", { peer: idOf("waypoint") }, "passed"],
  [
    "turns round the waypoint of another service",
    { peer: idOf("another") },
    "ask 10.1.0.2:80",
  ],
  [
    "turns round the waypoint's account in another trust domain",
    { peer: "spiffe://other/ns/ns1/sa/waypoint" },
    "ask 10.1.0.2:80",
  ],
  [
    "turns round the waypoint's account in another namespace",
    { peer: "spiffe://cluster.local/ns/ns2/sa/waypoint" },
    "ask 10.1.0.2:80",
  ],
  [
    "accepts nobody for a waypoint without pods",
    { without: "waypoint", peer: idOf("waypoint") },
    "ask 10.1.0.2:80",
  ],
  [
    "knows a waypoint by the address of its service",
    { web: { waypoint: atAddress("10.1.0.8") }, peer: idOf("waypoint") },
    "passed",
  ],
  [
    "knows a waypoint by the address of its pod",
    { web: { waypoint: atAddress("10.0.0.8") }, peer: idOf("waypoint") },
    "passed",
  ],
  [
    "accepts nobody for a waypoint at an unknown address",
    { web: { waypoint: atAddress("10.9.9.9") }, peer: idOf("waypoint") },
    "ask 10.1.0.2:80",
  ],
  [
    "lets a weighted waypoint pass",
    {
      web: {
        weightedWaypoints: [
          { destination: VIA, weight: 90 },
          { destination: ANOTHER, weight: 10 },
        ],
      },
      peer: idOf("another"),
    },
    "passed",
  ],
  [
    "turns round a weighted waypoint of weight 0",
    {
      web: { weightedWaypoints: [{ destination: ANOTHER, weight: 0 }] },
      peer: idOf("another"),
    },
    "ask 10.1.0.2:80",
  ],
  ["leaves a port alone that the service has not", { port: 9090 }, "none"],
  [
    "finds a named port by the endpoint's own number",
    {
      web: { ports: { 80: 0 } },
      pod: { services: { [`ns1/${hostOf("web")}`]: { 80: 3000 } } },
      port: 3000,
    },
    "ask 10.1.0.2:80",
  ],
  [
    "asks for a service without address by its name",
    { web: { vips: [] } },
    `ask ${hostOf("web")}:80`,
  ],
  [
    "asks for the pod where the waypoint fronts workloads",
    { web: { ports: {} }, pod: { waypoint: VIA } },
    "ask 10.0.0.2:8080",
  ],
  [
    "takes the workload's waypoint for any port",
    { pod: { waypoint: VIA }, port: 1 },
    "ask 10.0.0.2:1",
  ],
  [
    "excuses a call to a service from the workload's waypoint",
    { bare: true, pod: { waypoint: VIA }, called: hostOf("web") },
    "ask 10.0.0.2:8080, excused",
  ],
  [
    "does not excuse a call to a port that the service has not",
    {
      bare: true,
      pod: { waypoint: VIA },
      called: hostOf("web"),
      port: 1,
    },
    "ask 10.0.0.2:1",
  ],
  [
    "does not excuse a call to a service of other pods",
    { bare: true, pod: { waypoint: VIA }, called: hostOf("another") },
    "ask 10.0.0.2:8080",
  ],
  [
    "does not excuse a call that names nothing",
    { bare: true, pod: { waypoint: VIA }, called: "" },
    "ask 10.0.0.2:8080",
  ],
  [
    "excuses nobody from the service's waypoint",
    { pod: { waypoint: ANOTHER }, called: hostOf("web") },
    "ask 10.1.0.2:80",
  ],
];
for (const [name, fields, result] of rows) {
  Deno.test(`waypointTraversal() ${name}`, () => {
    assert.equal(inWords(traversal(fields)), result);
  });
}

Deno.test("waypointTraversal() finds nothing due without a waypoint", () => {
  const web = pod("web", ["10.0.0.2"], serving("web"));
  const state = stateOf({
    workloads: [web],
    services: [service("web", ["10.1.0.2"])],
  });
  const dst = at("10.0.0.2", 8080);
  const arrival = { pod: web, identity: undefined, dst };
  assert.deepEqual(waypointTraversal(state, arrival), { kind: "none" });
});
