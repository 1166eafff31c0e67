import { formatAddress, type SocketAddress } from "../model/address.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import type { Service } from "../model/service.ts";
import type { GatewayAddress, Workload } from "../model/workload.ts";
import { expectedOf, identitiesOf } from "./expected_identities.ts";
import {
  type GatewayHop,
  gatewayName,
  isBehindGateway,
  pickGateway,
} from "./gateway.ts";
import { pickEndpoint, type Upstream } from "./load_balance.ts";
import {
  noDestination,
  type OutboundRoute,
  type PassthroughRoute,
  placeRoute,
  reject,
} from "./route_plan.ts";
import { isOutboundSelfCall, SELF_CALL, SELF_PORTS } from "./self_ports.ts";
import { chooseServiceWaypoint } from "./waypoint.ts";

/** A connection that a pod opens. */
export interface OutboundCall {
  /** The pod's workload. */
  readonly source: Workload;
  /** Where its application is going. */
  readonly target: SocketAddress;
  /** Default: without SOCKS5. */
  readonly selfPorts?: ReadonlySet<number>;
}

/**
 * Decides how a connection leaves a pod.
 *
 * The target is looked up once, in the network of the source's workload, and
 * everything follows from what was found. ztunnel looks it up twice, in the
 * configured network by workload first and then in the workload's network by
 * service first, so that a misconfigured network turns traffic to a service
 * into passthrough, and an address that is both a service's and a workload's
 * skips the waypoint.
 *
 * @param random From 0 to below 1.
 */
export function routeOutbound(
  state: MeshReader,
  call: OutboundCall,
  random: () => number,
): OutboundRoute {
  const { source, target, selfPorts = SELF_PORTS } = call;
  if (isOutboundSelfCall(target, selfPorts)) return reject(SELF_CALL);
  const found = state.findAddress(source.network, target.ip, source.namespace);
  if (found === undefined) return passthrough(target);
  const routing = { state, source, target, random };
  return found.kind === "service"
    ? routeToService(routing, found.service)
    : routeToWorkload(routing, found.workload);
}

/** What every step of one decision works with. */
interface Routing {
  readonly state: MeshReader;
  readonly source: Workload;
  readonly target: SocketAddress;
  readonly random: () => number;
}

function routeToService(routing: Routing, service: Service): OutboundRoute {
  const { state, source, target, random } = routing;
  const waypoint = chooseServiceWaypoint(service, random);
  if (waypoint !== undefined) {
    return routeToServiceWaypoint(routing, service, waypoint);
  }
  if (service.loadBalancer?.mode === "Passthrough") return passthrough(target);
  const { port } = target;
  const call = { source, service, port, mode: "standard" } as const;
  const upstream = pickEndpoint(state, call, random);
  if (upstream === undefined) {
    return reject(`no healthy upstream: ${formatAddress(target)}`);
  }
  return isElsewhere(routing, upstream)
    ? routeToNetworkGateway(routing, service, upstream)
    : routeDirectly(routing, upstream);
}

/** A waypoint of a workload guards calls to its own address, but not its own waypoint's calls. */
function routeToWorkload(routing: Routing, workload: Workload): OutboundRoute {
  const { state, source, target } = routing;
  const { waypoint } = workload;
  if (waypoint === undefined || isBehindGateway(state, waypoint, source)) {
    const { port } = target;
    return routeDirectly(routing, { workload, port, service: undefined });
  }
  const hop = findWaypoint(routing, waypoint);
  if (hop === undefined) return unknownWaypoint(waypoint);
  return routeToWaypoint(routing, hop, undefined);
}

/** A service's waypoint that cannot be found fails the connection: there is no way round it. */
function routeToServiceWaypoint(
  routing: Routing,
  service: Service,
  waypoint: GatewayAddress,
): OutboundRoute {
  const hop = findWaypoint(routing, waypoint);
  if (hop === undefined) return unknownWaypoint(waypoint);
  return isElsewhere(routing, hop.upstream)
    ? routeToNetworkGateway(routing, service, hop.upstream)
    : routeToWaypoint(routing, hop, service);
}

/** The waypoint is asked for what the application asked for, untranslated. */
function routeToWaypoint(
  { target }: Routing,
  { upstream, near }: GatewayHop,
  service: Service | undefined,
): OutboundRoute {
  return placeRoute({
    kind: "hbone",
    via: "waypoint",
    port: upstream.port,
    authority: formatAddress(target),
    expected: expectedOf(upstream),
    destination: upstream.workload,
    service,
  }, { near, families: upstream.service?.ipFamilies });
}

/** The gateway is asked for the service by name: addresses mean nothing in the other network. */
function routeToNetworkGateway(
  { state, source, target, random }: Routing,
  service: Service,
  beyond: Upstream,
): OutboundRoute {
  const gateway = beyond.workload.networkGateway;
  if (gateway === undefined) return noDestination(beyond.workload);
  const call = {
    source,
    gateway,
    target: target.ip,
    mode: "standard",
  } as const;
  const hop = pickGateway(state, call, random);
  if (hop === undefined) return unknownNetworkGateway(gateway);
  const { upstream, near } = hop;
  return placeRoute({
    kind: "double-hbone",
    port: upstream.port,
    authority: `${service.hostname}:${target.port}`,
    expected: expectedOf(upstream),
    expectedInner: identitiesOf(beyond.service),
    destination: upstream.workload,
    service,
  }, { near, families: upstream.service?.ipFamilies });
}

function routeDirectly(
  { target }: Routing,
  upstream: Upstream,
): OutboundRoute {
  const { workload: destination, port, service } = upstream;
  const choice = { near: target.ip, families: service?.ipFamilies };
  if (destination.protocol === "TCP") {
    const parties = { destination, service };
    return placeRoute(
      { kind: "tcp", passthrough: false, port, ...parties },
      choice,
    );
  }
  return placeRoute({
    kind: "hbone",
    via: "direct",
    targetPort: port,
    expected: expectedOf(upstream),
    destination,
    service,
  }, choice);
}

const passthrough = (to: SocketAddress): PassthroughRoute => ({
  kind: "tcp",
  to,
  passthrough: true,
  destination: undefined,
  service: undefined,
});

const isElsewhere = ({ source }: Routing, { workload }: Upstream): boolean =>
  workload.network !== source.network;

function findWaypoint(
  { state, source, target, random }: Routing,
  gateway: GatewayAddress,
): GatewayHop | undefined {
  const call = {
    source,
    gateway,
    target: target.ip,
    mode: "waypoint",
  } as const;
  return pickGateway(state, call, random);
}

const unknownWaypoint = (gateway: GatewayAddress) =>
  reject(`unknown waypoint: waypoint ${gatewayName(gateway)} not found`);

const unknownNetworkGateway = (gateway: GatewayAddress) =>
  reject(
    `unknown network gateway: network gateway ${
      gatewayName(gateway)
    } not found`,
  );
