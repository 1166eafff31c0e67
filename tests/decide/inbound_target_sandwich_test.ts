import assert from "node:assert/strict";
import { atAddress, atHostname, hostOf } from "../support/sample_mesh.ts";
import {
  inWords,
  resolve,
  type Row,
  TUNNEL,
  WAYPOINT_IP,
  WAYPOINT_VIP,
} from "./inbound_mesh.ts";

const sandwich: Row[] = [
  [
    "a workload's, by address",
    {
      server: { waypoint: atAddress(WAYPOINT_IP) },
    },
    "10.0.0.2:8080",
    "10.0.0.3:8080",
  ],
  [
    "a workload's, by service address",
    {
      server: { waypoint: atAddress(WAYPOINT_VIP) },
    },
    "10.0.0.2:8080",
    "10.0.0.3:8080",
  ],
  [
    "a workload's, by hostname",
    {
      server: { waypoint: atHostname(hostOf("wp")) },
    },
    "10.0.0.2:8080",
    "10.0.0.3:8080",
  ],
  [
    "a workload's, with a tunnel",
    {
      server: { waypoint: atAddress(WAYPOINT_VIP) },
      waypoint: TUNNEL,
    },
    "10.0.0.2:8080",
    "10.0.0.3:15088 for 10.0.0.2:8080",
  ],
  [
    "a service's, by address",
    {
      web: { waypoint: atAddress(WAYPOINT_IP) },
    },
    "10.1.0.2:80",
    "10.0.0.3:80",
  ],
  [
    "a service's, by service address",
    {
      web: { waypoint: atAddress(WAYPOINT_VIP) },
    },
    "10.1.0.2:80",
    "10.0.0.3:80",
  ],
  [
    "a service's, with a tunnel",
    {
      web: { waypoint: atAddress(WAYPOINT_VIP) },
      waypoint: TUNNEL,
    },
    "10.1.0.2:80",
    "10.0.0.3:15088 for 10.1.0.2:80",
  ],
  [
    "one of a service's, by weight",
    {
      web: {
        weightedWaypoints: [
          { destination: atAddress(WAYPOINT_IP), weight: 1 },
        ],
      },
    },
    "10.1.0.2:80",
    "10.0.0.3:80",
  ],
  [
    "a service's whose weight is 0",
    {
      web: {
        weightedWaypoints: [
          { destination: atAddress(WAYPOINT_IP), weight: 0 },
        ],
      },
    },
    "10.1.0.2:80",
    "400 ip mismatch: 10.0.0.3 != 10.1.0.2",
  ],
  ["nobody's", {}, "10.0.0.1:8080", "400 ip mismatch: 10.0.0.3 != 10.0.0.1"],
  [
    "a service's, not its workload's",
    {
      web: { waypoint: atAddress(WAYPOINT_IP) },
    },
    "10.0.0.2:8080",
    "400 ip mismatch: 10.0.0.3 != 10.0.0.2",
  ],
  [
    "a workload's, not its service's",
    {
      server: { waypoint: atAddress(WAYPOINT_IP) },
    },
    "10.1.0.2:80",
    "400 ip mismatch: 10.0.0.3 != 10.1.0.2",
  ],
  [
    "an unknown one's",
    {
      server: { waypoint: atAddress("192.0.2.1") },
    },
    "10.0.0.2:8080",
    "400 ip mismatch: 10.0.0.3 != 10.0.0.2",
  ],
];

for (const [name, given, authority, target] of sandwich) {
  Deno.test(`resolveInbound() at the waypoint that is ${name}`, () => {
    const found = resolve({ ...given, atWaypoint: true }, authority);
    assert.equal(inWords(found), target);
  });
}
