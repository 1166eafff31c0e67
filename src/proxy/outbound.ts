/** What an application of a pod opens, from its capture to its end. */
import { messageOf } from "../base/errors.ts";
import { formatAddress, type SocketAddress } from "../model/address.ts";
import type { Workload } from "../model/workload.ts";
import {
  completeRoute,
  type DirectRoute,
  type DoubleHboneRoute,
  type OutboundRoute,
  type ResolveRoute,
} from "../decide/route_plan.ts";
import { routeOutbound } from "../decide/outbound_route.ts";
import {
  isOutboundSelfCall,
  SELF_CALL,
  SELF_PORTS,
} from "../decide/self_ports.ts";
import type { ByteStream } from "../net/byte_stream.ts";
import { dialStream } from "../net/dial.ts";
import type { Accepted } from "../net/listen.ts";
import type { ReleasableStream } from "../net/releasable_stream.ts";
import { peerOfWorkload, type TrafficContext } from "../telemetry/traffic.ts";
import type { Cancellation } from "./cancellation.ts";
import type { ConnectionRow } from "./connection_table.ts";
import {
  placeToDialFrom,
  type ProxyContext,
  type ServedPod,
} from "./context.ts";
import {
  type Failure,
  outboundFailure,
  tunnelFailure,
  workloadUnknown,
} from "./failure.ts";
import { carryLocally } from "./local_lane.ts";
import { lookUp } from "./look_up.ts";
import { openNestedStream } from "./nested_tunnel.ts";
import { openTunnelStream, type TunnelRequest } from "./outbound_tunnel.ts";
import { resolveName } from "./resolve_name.ts";
import { serviceNames } from "./service_names.ts";
import { TrackedConnection } from "./tracked_connection.ts";
import { spiffeIdOf } from "./workload_texts.ts";

/** A route with a next hop; what is left once names are resolved. */
type ReadyRoute = Exclude<OutboundRoute, ResolveRoute | { kind: "reject" }>;

/** What became of a connection. */
interface Ended {
  readonly failure: Failure | undefined;
}

/** One captured connection with all that is known of it. */
interface Outbound {
  readonly context: ProxyContext;
  readonly pod: ServedPod;
  readonly source: Workload;
  readonly src: SocketAddress;
  readonly target: SocketAddress;
  readonly app: ReleasableStream;
}

/** A connection to be carried on: how it came does not matter. */
type Captured = Pick<Accepted, "stream" | "peer" | "original" | "local">;

/**
 * Serves one connection that was captured on its way out of `pod`. It ends
 * with a line in the access log, whatever happens.
 */
export async function serveOutbound(
  context: ProxyContext,
  pod: ServedPod,
  { stream: app, peer: src, original, local }: Captured,
): Promise<unknown> {
  const target = original ?? local;
  const refuse = (error: string) => {
    app.reset();
    const dst = target;
    context.accessLog.failed({ src, dst, direction: "outbound", error });
  };
  if (isOutboundSelfCall(target, SELF_PORTS)) return refuse(SELF_CALL);
  const source = await context.workloadOf(pod.info);
  if (source === undefined) return refuse(workloadUnknown(pod));
  let route;
  try {
    route = await decide(context, source, target);
  } catch (reason) {
    return refuse(messageOf(reason));
  }
  if (route.kind === "reject") return refuse(route.because);
  return follow({ context, pod, source, src, target, app }, route);
}

/** @throws {LookupError} */
async function decide(
  context: ProxyContext,
  source: Workload,
  target: SocketAddress,
): Promise<Exclude<OutboundRoute, ResolveRoute>> {
  const { random } = context;
  const route = await lookUp(
    context,
    (mesh) => routeOutbound(mesh, { source, target }, random),
  );
  if (route.kind !== "resolve") return route;
  return completeRoute(route, await resolveName(route.hostname), random);
}

function follow(call: Outbound, route: ReadyRoute): Promise<Ended> {
  const { context, pod } = call;
  const local = localRoute(context, route);
  const connection = new TrackedConnection(context, pod, {
    traffic: trafficOf(call, route),
    row: rowOf(call, route, local !== undefined),
    unidentified: route.kind === "double-hbone",
  });
  return connection.finishAfter(() =>
    local === undefined
      ? carryAway(call, route, connection)
      : carryNear(call, local, connection)
  );
}

/** A destination pod that this process serves. */
interface LocalRoute {
  readonly route: DirectRoute;
  readonly destination: ServedPod;
}

/** The destination pod, when this process serves it and no waypoint is due. */
function localRoute(
  context: ProxyContext,
  route: ReadyRoute,
): LocalRoute | undefined {
  if (!context.settings.nodeLocalLane) return undefined;
  // Whether the other one was revoked only TLS tells.
  if (context.crlGuard !== undefined) return undefined;
  // What guards the other one may not have been told yet.
  if (context.lookups !== undefined) return undefined;
  if (route.kind !== "hbone" || route.via !== "direct") return undefined;
  // An application tunnel is told who called, which only the tunnel's end says.
  if (route.destination.applicationTunnel !== undefined) return undefined;
  const destination = context.localPod(route.destination);
  return destination && { route, destination };
}

async function carryNear(
  call: Outbound,
  local: LocalRoute,
  connection: TrackedConnection,
): Promise<Ended> {
  const near = { ...call, ...local };
  const failure = await carryLocally(call.context, connection, near);
  if (failure !== undefined) call.app.reset();
  return { failure };
}

async function carryAway(
  call: Outbound,
  route: ReadyRoute,
  connection: TrackedConnection,
): Promise<Ended> {
  const { cancellation } = connection;
  let upstream;
  try {
    upstream = await open(call, route, connection);
  } catch (reason) {
    call.app.reset();
    if (cancellation.aborted) return { failure: connection.cancelled() };
    return {
      failure: route.kind === "tcp"
        ? outboundFailure(reason)
        : tunnelFailure(reason),
    };
  }
  return connection.carry(call.app, upstream);
}

function open(
  call: Outbound,
  route: ReadyRoute,
  connection: TrackedConnection,
): Promise<ByteStream> {
  switch (route.kind) {
    case "tcp":
      return openPlain(call, route.to, connection.cancellation);
    case "hbone":
      return openTunnelStream(call.context, call.pod, requestOf(call, route));
    case "double-hbone":
      return openNested(call, route, connection);
    default:
      throw new Error(`unhandled: ${route satisfies never}`);
  }
}

function openPlain(
  { context: { settings }, pod }: Outbound,
  to: SocketAddress,
  signal: Cancellation,
): Promise<ReleasableStream> {
  const { tuning, packetMark: mark } = settings;
  const at = placeToDialFrom(pod, to.ip);
  return dialStream(to, { ...at, tuning, mark, signal });
}

/** Goes to whom the gateway chose: who that is, only its end of the tunnel says. */
async function openNested(
  call: Outbound,
  route: DoubleHboneRoute,
  connection: TrackedConnection,
): Promise<ByteStream> {
  const { expectedInner } = route;
  const { stream, peer, workload } = await openNestedStream(
    call.context,
    call.pod,
    { ...requestOf(call, route), expectedInner },
  );
  connection.identify({
    ...trafficOf(call, route),
    destination: workload,
    destinationPrincipal: peer,
  });
  return stream;
}

function requestOf(
  { source, src }: Outbound,
  { to, authority, expected, service }: Exclude<ReadyRoute, { kind: "tcp" }>,
): TunnelRequest {
  const serviceHost = service?.hostname;
  return {
    source,
    src,
    to,
    authority,
    expected,
    ...(serviceHost === undefined ? {} : { serviceHost }),
  };
}

function trafficOf(
  { source, src }: Outbound,
  route: ReadyRoute,
): TrafficContext {
  const { destination, service } = route;
  const tunnelled = route.kind !== "tcp";
  return {
    reporter: "source",
    src,
    source: peerOfWorkload(source),
    dst: route.to,
    mutualTls: tunnelled,
    ...(tunnelled
      ? {
        sourcePrincipal: spiffeIdOf(source),
        hboneAddress: route.authority,
      }
      : {}),
    ...(destination === undefined ? {} : {
      destination: peerOfWorkload(destination),
      destinationPrincipal: spiffeIdOf(destination),
    }),
    ...serviceNames(service),
  };
}

function rowOf(
  { src, target }: Outbound,
  route: ReadyRoute,
  local: boolean,
): ConnectionRow {
  return {
    direction: "outbound",
    src,
    originalDst: formatAddress(target),
    actualDst: route.to,
    protocol: route.kind === "tcp"
      ? "TCP"
      : route.kind === "hbone"
      ? "HBONE"
      : "DOUBLEHBONE",
    lane: route.kind !== "tcp"
      ? (local ? "local" : "hbone")
      : route.passthrough
      ? "passthrough"
      : "plaintext",
    relay: "user",
  };
}
