/** A CONNECT request at a waypoint: whom it is for, who calls, and what it speaks. */
import { callerOf } from "../../decide/hairpin_trust.ts";
import { sniff } from "../../decide/sniff.ts";
import {
  readHops,
  WAYPOINT_HOPS,
  WAYPOINT_HOPS_MAX,
} from "../../decide/waypoint_hops.ts";
import { resolveWaypointTarget } from "../../decide/waypoint_target.ts";
import { parseSocketAddress } from "../../model/address.ts";
import type { H2Stream } from "../../net/h2_stream.ts";
import { PeekedStream } from "../../net/peeked_stream.ts";
import { decodeForwarded } from "../../wire/baggage/mod.ts";
import type { HeaderList } from "../../wire/h2/mod.ts";
import { readClientHello } from "../../wire/tls/client_hello.ts";
import { fieldOf, methodFault, refuserOf } from "../connect_request.ts";
import type { ProxyContext } from "../context.ts";
import type { Tunnel } from "../inbound_request.ts";
import { HAIRPIN_SOURCE } from "../outbound_tunnel.ts";
import { destinationOf, type WaypointCall } from "./call.ts";
import { serveHttp } from "./http_server.ts";
import { SNIFF_MS, SNIFF_OCTETS_MAX, SNIFF_UNDECLARED_MS } from "./limits.ts";
import { serveOpaque } from "./opaque.ts";
import type { TokenContext } from "../tokens/mod.ts";
import type { Clients } from "./clients.ts";
import type { Loads } from "./loads.ts";
import type { HttpTelemetry } from "../../telemetry/http_telemetry.ts";
import type { Upstreams } from "./upstreams.ts";
import type { WaypointView } from "./view.ts";

/** What a worker of a waypoint holds beside its context. */
export interface Waypoint {
  readonly view: WaypointView;
  readonly upstreams: Upstreams;
  readonly clients: Clients;
  readonly loads: Loads;
  readonly tokens: TokenContext;
  readonly telemetry: HttpTelemetry;
}

/** Answers one request of a tunnel, and serves what comes through it. */
export async function serveWaypointConnect(
  waypoint: Waypoint,
  tunnel: Tunnel,
  stream: H2Stream,
  headers: HeaderList,
): Promise<void> {
  const { context, pod, src } = tunnel;
  const refuse = refuserOf(tunnel, stream);
  const fault = methodFault(headers);
  if (fault !== undefined) return refuse(400, fault);
  const hops = readHops(fieldOf(headers, WAYPOINT_HOPS));
  if (hops === undefined) return refuse(400, `not a number: ${WAYPOINT_HOPS}`);
  if (hops >= WAYPOINT_HOPS_MAX) {
    return refuse(508, `more than ${WAYPOINT_HOPS_MAX} waypoints in a row`);
  }
  const workload = await context.workloadOf(pod.info);
  if (workload === undefined) return refuse(503, "workload not found");
  const { network } = workload;
  const authority = fieldOf(headers, ":authority") ?? "";
  const asked = { network, authority };
  const target = resolveWaypointTarget(context.mesh, waypoint.view, asked);
  if (target.kind === "refuse") return refuse(target.status, target.because);
  const dst = parseSocketAddress(authority) ?? destinationOf(target, network);
  if (dst === undefined) return refuse(404, `no address: ${authority}`);
  const caller = callerOf(context.mesh, {
    src,
    identity: tunnel.peer.identity,
    network,
    asked: target,
    forwardedFor: decodeForwarded(fieldOf(headers, "forwarded") ?? "")?.for,
    hairpinSource: fieldOf(headers, HAIRPIN_SOURCE),
  });
  sayDisbelief(context, tunnel, caller.disbelieved);
  stream.sendHeaders([[":status", "200"]], false);
  const call = {
    ...waypoint,
    context,
    pod,
    workload,
    target,
    dst,
    hops,
    caller,
  };
  await serve(following(waypoint, call), stream);
}

/** A connection outlives orders: whoever asks later sees the view that holds then. */
const following = (waypoint: Waypoint, call: WaypointCall): WaypointCall => ({
  ...call,
  get view() {
    return waypoint.view;
  },
});

function sayDisbelief(
  context: ProxyContext,
  { src, peer }: Tunnel,
  header: string | undefined,
): void {
  if (header === undefined) return;
  context.log("proxy::waypoint").warn("a peer vouches for another unasked", {
    header,
    peer: peer.spiffeId,
    address: src.ip,
  });
}

/** By what the port declares; what is not declared is looked at. */
async function serve(call: WaypointCall, tunnelled: H2Stream): Promise<void> {
  const stream = new PeekedStream(tunnelled);
  const declared = call.target.kind === "service"
    ? call.target.protocol
    : undefined;
  switch (declared) {
    case "TCP":
      return await serveOpaque(call, stream);
    case "TLS":
      return await serveTls(call, stream);
    case "HTTP11":
    case "HTTP2":
    case "GRPC": {
      const spoken = await sniffed(stream, SNIFF_MS);
      return serveHttp(call, stream, spoken === "http2" ? "http2" : "http1");
    }
    case undefined:
      return await serveUndeclared(call, stream);
    default:
      throw new Error(`unhandled: ${declared satisfies never}`);
  }
}

const sniffed = (stream: PeekedStream, timeoutMs: number) =>
  stream.decide(sniff, timeoutMs, SNIFF_OCTETS_MAX);

/** A server that speaks first says nothing of its protocol: soon it is TCP. */
async function serveUndeclared(
  call: WaypointCall,
  stream: PeekedStream,
): Promise<void> {
  const spoken = await sniffed(stream, SNIFF_UNDECLARED_MS);
  switch (spoken) {
    case "http1":
    case "http2":
      return serveHttp(call, stream, spoken);
    case "tls":
      return await serveTls(call, stream);
    case "other":
    case undefined:
      return await serveOpaque(call, stream);
    default:
      throw new Error(`unhandled: ${spoken satisfies never}`);
  }
}

/** Policies and routes may want the name that is asked for, so it must not stay hidden. */
async function serveTls(
  call: WaypointCall,
  stream: PeekedStream,
): Promise<void> {
  const hello = await stream.decide(readClientHello, SNIFF_MS);
  if (hello !== undefined) {
    return await serveOpaque(call, stream, hello.serverName);
  }
  stream.reset();
  const { context: { accessLog }, caller: { src }, dst } = call;
  const error = "no whole TLS ClientHello came";
  accessLog.failed({ src, dst, direction: "inbound", error });
}
