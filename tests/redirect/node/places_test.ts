import assert from "node:assert/strict";
import type { Ip } from "../../../src/model/address.ts";
import { type NodeTables, placeOf } from "../../../src/redirect/node/places.ts";

const IP = "10.0.0.5" as Ip;
const BRIDGE_MAC = "02:00:00:00:00:01";

const tables: NodeTables = {
  links: [
    { ifname: "lo" },
    { ifname: "eth0", address: "02:00:00:00:00:09" },
    { ifname: "cali1", link_netnsid: 3 },
    {
      ifname: "cni0",
      address: BRIDGE_MAC,
      linkinfo: { info_kind: "bridge" },
    },
    { ifname: "veth7", master: "cni0", link_netnsid: 7 },
    { ifname: "veth8", master: "cni0", link_netnsid: 8 },
    { ifname: "veth9", master: "cni0", link_netnsid: 9 },
    { ifname: "veth10", master: "cni0", link_netnsid: 9 },
    { ifname: "veth11", master: "cni1", link_netnsid: 7 },
  ],
  netnses: [
    { nsid: 7, name: "pod-a" },
    { nsid: 9, name: "pod-twice" },
  ],
};

const rows: readonly [
  name: string,
  route: Record<string, unknown> | undefined,
  netnsPath: string | undefined,
  place: object,
][] = [
  ["finds a pod by its route", { dev: "cali1" }, undefined, { link: "cali1" }],
  [
    "finds a pod's port of a bridge by its namespace",
    { dev: "cni0" },
    "/var/run/netns/pod-a",
    { link: "cni0", bridge: { mac: BRIDGE_MAC, port: "veth7" } },
  ],
  [
    "leaves the port open when nobody told the namespace",
    { dev: "cni0" },
    undefined,
    { link: "cni0", bridge: { mac: BRIDGE_MAC } },
  ],
  [
    "leaves the port open when the namespace has no name here",
    { dev: "cni0" },
    "/var/run/netns/pod-x",
    { link: "cni0", bridge: { mac: BRIDGE_MAC } },
  ],
  [
    "leaves the port open when there are two",
    { dev: "cni0" },
    "/var/run/netns/pod-twice",
    { link: "cni0", bridge: { mac: BRIDGE_MAC } },
  ],
  [
    "knows no place behind a gateway",
    { dev: "eth0", gateway: "10.0.0.1" },
    undefined,
    {},
  ],
  [
    "knows no place behind a gateway of the other family",
    { dev: "eth0", via: { family: "inet6", host: "fe80::1" } },
    undefined,
    {},
  ],
  ["knows no place for its own address", { dev: "lo" }, undefined, {}],
  [
    "knows no place that is refused",
    { type: "unreachable", dev: "cali1" },
    undefined,
    {},
  ],
  ["knows no place without a route", undefined, undefined, {}],
  ["knows no place on a link that is gone", { dev: "x" }, undefined, {}],
];

for (const [name, route, netnsPath, place] of rows) {
  Deno.test(`placeOf() ${name}`, () => {
    const found = placeOf({ ip: IP, netnsPath }, route, tables);
    assert.deepEqual(found, { ip: IP, ...place });
  });
}
