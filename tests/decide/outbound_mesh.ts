import assert from "node:assert/strict";
import { routeOutbound } from "../../src/decide/outbound_route.ts";
import type { OutboundRoute } from "../../src/decide/route_plan.ts";
import { formatAddress } from "../../src/model/address.ts";
import type { LoadBalancer, Service } from "../../src/model/service.ts";
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

/** What a connection is routed in. */
export interface Mesh {
  readonly source?: Workload;
  readonly workloads?: readonly Workload[];
  readonly services?: readonly Service[];
}
export const client = pod("client", ["10.0.0.1"]);

/** The route of a connection from the source of `mesh`, by default {@link client}. */
export function route(
  mesh: Mesh,
  address: string,
  port: number,
): OutboundRoute {
  const { source = client, workloads = [], services = [] } = mesh;
  const state = stateOf({ workloads: [source, ...workloads], services });
  return routeOutbound(state, { source, target: at(address, port) }, () => 0);
}

/** A route on one line: what is dialled, what is asked for there, who may answer. */
function inWords(route: OutboundRoute): string {
  switch (route.kind) {
    case "reject":
      return `reject: ${route.because}`;
    case "resolve":
      return `resolve ${route.hostname}`;
    case "tcp":
      return `${route.passthrough ? "pass" : "tcp"} ${formatAddress(route.to)}`;
    case "hbone":
      return `${route.via} ${formatAddress(route.to)} ${route.authority} ` +
        shorten(route.expected);
    case "double-hbone":
      return `double ${formatAddress(route.to)} ${route.authority} ` +
        `${shorten(route.expected)} ${shorten(route.expectedInner)}`;
  }
}

const shorten = (ids: readonly string[]): string =>
  `[${ids.map((id) => id.slice(id.lastIndexOf("/") + 1))}]`;

export const web = service("web", ["10.1.0.1"]);
export const a = pod("a", ["10.0.0.2"], serving("web"));
export const wp = pod("wp", ["10.0.0.9"], serving("wp"));
export const wpService = service("wp", ["10.1.0.9"], {
  ports: { 15008: 15008 },
});
export const passthrough: LoadBalancer = {
  mode: "Passthrough",
  routingPreferences: [],
  healthPolicy: "OnlyHealthy",
};

export const byIp = atAddress("10.0.0.9");
export const byVip = atAddress("10.1.0.9");
export const byHost = atHostname(hostOf("wp"));
/** {@link web} behind {@link wpService}. */
export const guarded = { ...web, waypoint: byHost };

export const gatewayService = service("gw", ["10.1.0.8"], {
  ports: { 15008: 15009 },
  subjectAltNames: [idOf("gw-alt")],
});
export const gateway = pod("gw", ["10.0.0.8"], serving("gw"));
export const remote = (
  networkGateway?: Workload["networkGateway"],
): Workload => ({
  ...a,
  network: "net2",
  ...(networkGateway === undefined ? {} : { networkGateway }),
});
/** One decision: what is called on which port, and the route in {@link inWords}' words. */
export type Row = [
  name: string,
  mesh: Mesh,
  address: string,
  port: number,
  route: string,
];

export function testRoutes(rows: readonly Row[]): void {
  for (const [name, mesh, address, port, expected] of rows) {
    Deno.test(`routeOutbound() ${name}`, () => {
      assert.equal(inWords(route(mesh, address, port)), expected);
    });
  }
}
