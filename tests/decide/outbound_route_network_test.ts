import assert from "node:assert/strict";
import type { Service } from "../../src/model/service.ts";
import type { Workload } from "../../src/model/workload.ts";
import {
  atAddress,
  atHostname,
  hostOf,
  idOf,
  pod,
  serving,
} from "../support/sample_mesh.ts";
import {
  byHost,
  gateway,
  gatewayService,
  remote,
  route,
  type Row,
  testRoutes,
  web,
  wp,
  wpService,
} from "./outbound_mesh.ts";

const remoteWp: Workload = {
  ...wp,
  network: "net2",
  networkGateway: atAddress("10.0.0.8"),
};
const vouched = { ...web, subjectAltNames: [idOf("a")] };
const networks: Row[] = [
  [
    "goes through a gateway by address",
    {
      workloads: [remote(atAddress("10.0.0.8")), gateway],
      services: [vouched],
    },
    "10.1.0.1",
    80,
    `double 10.0.0.8:15008 ${hostOf("web")}:80 [gw] [a]`,
  ],
  [
    "goes through a gateway by hostname",
    {
      workloads: [remote(atHostname(hostOf("gw"))), gateway],
      services: [vouched, gatewayService],
    },
    "10.1.0.1",
    80,
    `double 10.0.0.8:15009 ${hostOf("web")}:80 [gw-alt,gw] [a]`,
  ],
  [
    "accepts nobody behind it for whom the service does not vouch",
    {
      workloads: [remote(atAddress("10.0.0.8")), gateway],
      services: [web],
    },
    "10.1.0.1",
    80,
    `double 10.0.0.8:15008 ${hostOf("web")}:80 [gw] []`,
  ],
  [
    "goes through a gateway to a waypoint",
    {
      workloads: [remoteWp, gateway],
      services: [
        { ...vouched, waypoint: byHost },
        { ...wpService, subjectAltNames: [idOf("wp")] },
      ],
    },
    "10.1.0.1",
    80,
    `double 10.0.0.8:15008 ${hostOf("web")}:80 [gw] [wp]`,
  ],
  [
    "rejects another network without a gateway",
    {
      workloads: [remote()],
      services: [web],
    },
    "10.1.0.1",
    80,
    "reject: no valid routing destination for workload: cluster1//Pod/ns1/a",
  ],
  [
    "rejects a gateway that is not known by address",
    {
      workloads: [remote(atAddress("10.0.0.8"))],
      services: [web],
    },
    "10.1.0.1",
    80,
    "reject: unknown network gateway: network gateway /10.0.0.8:15008 not found",
  ],
  [
    "rejects a gateway that is not known by hostname",
    {
      workloads: [remote(atHostname(hostOf("gw")))],
      services: [web],
    },
    "10.1.0.1",
    80,
    `reject: unknown network gateway: network gateway ${
      hostOf("gw")
    } not found`,
  ],
  [
    "rejects a gateway's service that lacks the port",
    {
      workloads: [remote(atHostname(hostOf("gw"))), gateway],
      services: [web, { ...gatewayService, ports: { 80: 80 } }],
    },
    "10.1.0.1",
    80,
    `reject: unknown network gateway: network gateway ${
      hostOf("gw")
    } not found`,
  ],
];

testRoutes(networks);

Deno.test("routeOutbound() fails over to another network and back", () => {
  const loadBalancer: Service["loadBalancer"] = {
    mode: "Failover",
    routingPreferences: ["Network"],
    healthPolicy: "OnlyHealthy",
  };
  const here = pod("here", ["10.0.0.3"], serving("web"));
  const kindWhen = (status: Workload["status"]) =>
    route(
      {
        workloads: [remote(atAddress("10.0.0.8")), gateway, {
          ...here,
          status,
        }],
        services: [{ ...web, loadBalancer }],
      },
      "10.1.0.1",
      80,
    ).kind;
  assert.equal(kindWhen("Healthy"), "hbone");
  assert.equal(kindWhen("Unhealthy"), "double-hbone");
});
