import assert from "node:assert/strict";
import {
  gatewayName,
  isBehindGateway,
  pickGateway,
} from "../../src/decide/gateway.ts";
import type { GatewayAddress } from "../../src/model/workload.ts";
import {
  atAddress,
  atHostname,
  hostOf,
  ip,
  pod,
  service,
  serving,
  stateOf,
} from "../support/sample_mesh.ts";

const source = pod("client", ["10.0.0.1"]);
const wp = pod("wp", ["10.0.0.9", "fd00::9"], serving("wp"));
const wpService = service("wp", ["10.1.0.9"], { ports: { 15008: 15009 } });
const through = service("through", ["10.1.0.8"], {
  ports: { 15008: 15008 },
  loadBalancer: {
    mode: "Passthrough",
    routingPreferences: [],
    healthPolicy: "OnlyHealthy",
  },
});
const named = pod("named", ["10.0.0.8"], { hostname: "wp.example" });
const state = stateOf({
  workloads: [wp, named, pod("t", ["10.0.0.7"], serving("through"))],
  services: [wpService, through, service("empty", ["10.1.0.7"])],
});

const rows: [
  name: string,
  gateway: GatewayAddress,
  found: [name: string, port: number, near: string] | undefined,
][] = [
  ["takes a workload by address", atAddress("10.0.0.9"), [
    "wp",
    15008,
    "10.0.0.9",
  ]],
  ["takes a service by address", atAddress("10.1.0.9"), [
    "wp",
    15009,
    "10.1.0.9",
  ]],
  ["takes a service by hostname", atHostname(hostOf("wp")), [
    "wp",
    15009,
    "10.2.0.1",
  ]],
  ["takes a workload by hostname", atHostname("wp.example"), [
    "named",
    15008,
    "10.2.0.1",
  ]],
  ["knows no such address", atAddress("192.0.2.1"), undefined],
  ["knows no such address there", atAddress("10.0.0.9", "net2"), undefined],
  ["knows no such hostname", atHostname("no.example"), undefined],
  ["finds nobody behind a service", atHostname(hostOf("empty")), undefined],
  ["does not pass through an address", atAddress("10.1.0.8"), undefined],
];
for (const [name, gateway, found] of rows) {
  Deno.test(`pickGateway() ${name}`, () => {
    const target = ip("10.2.0.1");
    const call = { source, gateway, target, mode: "waypoint" } as const;
    const hop = pickGateway(state, call, () => 0);
    const seen = hop &&
      [hop.upstream.workload.name, hop.upstream.port, hop.near];
    assert.deepEqual(seen, found);
  });
}

Deno.test("pickGateway() reports the service it chose from", () => {
  const pick = (gateway: GatewayAddress) => {
    const target = ip("10.2.0.1");
    const call = { source, gateway, target, mode: "waypoint" } as const;
    return pickGateway(state, call, () => 0)?.upstream.service;
  };
  assert.equal(pick(atHostname(hostOf("wp"))), wpService);
  assert.equal(pick(atAddress("10.0.0.9")), undefined);
});

Deno.test("pickGateway() does not find an address that is hidden from the source", () => {
  const hidden = stateOf({
    workloads: [wp],
    services: [{ ...wpService, visibility: "Namespace" }],
  });
  const gateway = atAddress("10.1.0.9");
  const call = { gateway, target: ip("10.2.0.1"), mode: "waypoint" } as const;
  const pickFor = (namespace: string) =>
    pickGateway(hidden, { ...call, source: { ...source, namespace } }, () => 0);
  assert.equal(pickFor("ns2"), undefined);
  assert.deepEqual(pickFor("ns1")?.upstream.workload, wp);
});

const behind: [name: string, gateway: GatewayAddress, behind: boolean][] = [
  ["its own address", atAddress("10.0.0.9"), true],
  ["its own second address", atAddress("fd00::9"), true],
  ["its service's address", atAddress("10.1.0.9"), true],
  ["its service's hostname", atHostname(hostOf("wp")), true],
  ["another's address", atAddress("10.0.0.8"), false],
  ["another's hostname", atHostname("wp.example"), false],
  ["another service", atHostname(hostOf("empty")), false],
  ["an unknown address", atAddress("192.0.2.1"), false],
  ["its address in another network", atAddress("10.0.0.9", "net2"), false],
];
for (const [name, gateway, expected] of behind) {
  Deno.test(`isBehindGateway() by ${name}`, () => {
    assert.equal(isBehindGateway(state, gateway, wp), expected);
  });
}

Deno.test("isBehindGateway() knows two records of one machine", () => {
  const twin = pod("twin", ["10.0.0.9"], { uid: "entry/ns1/twin" });
  assert.equal(isBehindGateway(state, atAddress("10.0.0.9"), twin), true);
  const elsewhere = { ...twin, network: "net2" };
  assert.equal(isBehindGateway(state, atAddress("10.0.0.9"), elsewhere), false);
});

Deno.test("gatewayName() writes either kind", () => {
  assert.equal(gatewayName(atHostname("wp.example")), "wp.example");
  assert.equal(gatewayName(atAddress("10.0.0.9")), "/10.0.0.9:15008");
  assert.equal(gatewayName(atAddress("fd00::9", "n")), "n/[fd00::9]:15008");
});
