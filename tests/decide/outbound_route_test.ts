import assert from "node:assert/strict";
import { routeOutbound } from "../../src/decide/outbound_route.ts";
import { SELF_PORTS_WITH_SOCKS5 } from "../../src/decide/self_ports.ts";
import {
  at,
  atAddress,
  cidr,
  idOf,
  ip,
  pod,
  stateOf,
} from "../support/sample_mesh.ts";
import {
  a,
  client,
  passthrough,
  type Row,
  testRoutes,
  web,
  wp,
} from "./outbound_mesh.ts";

const direct: Row[] = [
  [
    "passes an unknown address through",
    {},
    "192.0.2.1",
    80,
    "pass 192.0.2.1:80",
  ],
  [
    "tunnels to a pod",
    { workloads: [a] },
    "10.0.0.2",
    81,
    "direct 10.0.0.2:15008 10.0.0.2:81 [a]",
  ],
  [
    "tunnels to an IPv6 pod",
    { workloads: [pod("a", ["fd00::2"])] },
    "fd00::2",
    81,
    "direct [fd00::2]:15008 [fd00::2]:81 [a]",
  ],
  [
    "tunnels to a pod of the same node just so",
    {
      source: { ...client, node: "n" },
      workloads: [{ ...a, node: "n" }],
    },
    "10.0.0.2",
    81,
    "direct 10.0.0.2:15008 10.0.0.2:81 [a]",
  ],
  [
    "goes in the clear to a pod outside the mesh",
    {
      workloads: [{ ...a, protocol: "TCP" }],
    },
    "10.0.0.2",
    81,
    "tcp 10.0.0.2:81",
  ],
  [
    "considers no health when a pod is addressed",
    {
      workloads: [{ ...a, status: "Unhealthy" }],
    },
    "10.0.0.2",
    81,
    "direct 10.0.0.2:15008 10.0.0.2:81 [a]",
  ],
  [
    "passes a pod of another network through",
    {
      workloads: [{ ...a, network: "net2" }],
    },
    "10.0.0.2",
    81,
    "pass 10.0.0.2:81",
  ],
  [
    "looks in the source's network",
    {
      source: { ...client, network: "net2" },
      workloads: [{ ...a, network: "net2" }],
    },
    "10.0.0.2",
    81,
    "direct 10.0.0.2:15008 10.0.0.2:81 [a]",
  ],
  [
    "ignores the source's own waypoint",
    {
      source: { ...client, waypoint: atAddress("10.0.0.9") },
      workloads: [a, wp],
    },
    "10.0.0.2",
    81,
    "direct 10.0.0.2:15008 10.0.0.2:81 [a]",
  ],
  [
    "passes a host-network address through",
    {
      workloads: [{ ...a, networkMode: "HostNetwork" }],
    },
    "10.0.0.2",
    81,
    "pass 10.0.0.2:81",
  ],
  [
    "reads a mapped address as IPv4",
    { workloads: [a] },
    "::ffff:10.0.0.2",
    81,
    "direct 10.0.0.2:15008 10.0.0.2:81 [a]",
  ],
];

const services: Row[] = [
  [
    "translates a service's port",
    { workloads: [a], services: [web] },
    "10.1.0.1",
    80,
    "direct 10.0.0.2:15008 10.0.0.2:8080 [a]",
  ],
  [
    "accepts what the service vouches for",
    {
      workloads: [a],
      services: [{
        ...web,
        subjectAltNames: [idOf("vouched"), "web.example", "spiffe://x/other"],
      }],
    },
    "10.1.0.1",
    80,
    "direct 10.0.0.2:15008 10.0.0.2:8080 [vouched,a]",
  ],
  [
    "goes in the clear to a service outside the mesh",
    {
      workloads: [{ ...a, protocol: "TCP" }],
      services: [web],
    },
    "10.1.0.1",
    80,
    "tcp 10.0.0.2:8080",
  ],
  [
    "reaches a host-network pod by its service",
    {
      workloads: [{ ...a, networkMode: "HostNetwork" }],
      services: [web],
    },
    "10.1.0.1",
    80,
    "direct 10.0.0.2:15008 10.0.0.2:8080 [a]",
  ],
  [
    "rejects a port that the service lacks",
    {
      workloads: [a],
      services: [web],
    },
    "10.1.0.1",
    81,
    "reject: no healthy upstream: 10.1.0.1:81",
  ],
  [
    "rejects a service without endpoints",
    { services: [web] },
    "10.1.0.1",
    80,
    "reject: no healthy upstream: 10.1.0.1:80",
  ],
  [
    "rejects a service whose endpoints are all unhealthy",
    {
      workloads: [{ ...a, status: "Unhealthy" }],
      services: [web],
    },
    "10.1.0.1",
    80,
    "reject: no healthy upstream: 10.1.0.1:80",
  ],
  [
    "passes through a service that wants it",
    {
      workloads: [a],
      services: [{ ...web, loadBalancer: passthrough }],
    },
    "10.1.0.1",
    80,
    "pass 10.1.0.1:80",
  ],
  [
    "ignores a workload's waypoint when a service is called",
    {
      workloads: [{ ...a, waypoint: atAddress("10.0.0.9") }, wp],
      services: [web],
    },
    "10.1.0.1",
    80,
    "direct 10.0.0.2:15008 10.0.0.2:8080 [a]",
  ],
  [
    "treats a service of another namespace's as absent if it is hidden",
    {
      workloads: [a],
      services: [{
        ...web,
        namespace: "ns2",
        visibility: "Namespace",
      }],
    },
    "10.1.0.1",
    80,
    "pass 10.1.0.1:80",
  ],
  [
    "takes a range",
    {
      workloads: [a],
      services: [{
        ...web,
        vips: [],
        cidrVips: [{ network: "", cidr: cidr("10.1.0.0/16") }],
      }],
    },
    "10.1.77.1",
    80,
    "direct 10.0.0.2:15008 10.0.0.2:8080 [a]",
  ],
  [
    "keeps the tunnel to a pod that lies in a passthrough range",
    {
      workloads: [a],
      services: [{
        ...web,
        vips: [],
        cidrVips: [{ network: "", cidr: cidr("10.0.0.0/8") }],
        loadBalancer: passthrough,
      }],
    },
    "10.0.0.2",
    81,
    "direct 10.0.0.2:15008 10.0.0.2:81 [a]",
  ],
  [
    "chooses the family that was called",
    {
      workloads: [{ ...a, ips: [ip("10.0.0.2"), ip("fd00::2")] }],
      services: [{ ...web, vips: [{ network: "", ip: ip("fd00:1::1") }] }],
    },
    "fd00:1::1",
    80,
    "direct [fd00::2]:15008 [fd00::2]:8080 [a]",
  ],
  [
    "keeps to the service's family",
    {
      workloads: [{ ...a, ips: [ip("10.0.0.2"), ip("fd00::2")] }],
      services: [{ ...web, ipFamilies: "IPv6" }],
    },
    "10.1.0.1",
    80,
    "direct [fd00::2]:15008 [fd00::2]:8080 [a]",
  ],
  [
    "rejects an endpoint without the service's family",
    {
      workloads: [a],
      services: [{ ...web, ipFamilies: "IPv6" }],
    },
    "10.1.0.1",
    80,
    "reject: no valid routing destination for workload: cluster1//Pod/ns1/a",
  ],
  [
    "has a hostname resolved",
    {
      workloads: [{ ...a, ips: [], hostname: "db.example" }],
      services: [web],
    },
    "10.1.0.1",
    80,
    "resolve db.example",
  ],
];

const self: Row[] = [
  [
    "rejects a call of its own outbound port",
    {},
    "127.0.0.1",
    15001,
    "reject: attempted recursive call to ourselves",
  ],
  [
    "rejects a call of its own tunnel port",
    {},
    "::1",
    15008,
    "reject: attempted recursive call to ourselves",
  ],
  [
    "leaves those ports elsewhere to their owners",
    {},
    "10.0.0.1",
    15008,
    "direct 10.0.0.1:15008 10.0.0.1:15008 [client]",
  ],
];

testRoutes([...direct, ...services, ...self]);

Deno.test("routeOutbound() rejects the SOCKS5 port where that listener runs", () => {
  const call = { source: client, target: at("127.0.0.1", 15080) };
  const state = stateOf({});
  const selfPorts = SELF_PORTS_WITH_SOCKS5;
  const random = () => 0;
  assert.equal(routeOutbound(state, call, random).kind, "tcp");
  assert.equal(
    routeOutbound(state, { ...call, selfPorts }, random).kind,
    "reject",
  );
});
