import { messageOf } from "../base/errors.ts";
import type { SocketAddress } from "../model/address.ts";
import type { Workload } from "../model/workload.ts";
import {
  type AcceptedTarget,
  type InboundTarget,
  resolveInbound,
} from "../decide/inbound_target.ts";
import { readHops, WAYPOINT_HOPS } from "../decide/waypoint_hops.ts";
import type { H2Stream } from "../net/h2_stream.ts";
import {
  type PeerInfo,
  peerOfBaggage,
  peerOfWorkload,
  type TrafficContext,
} from "../telemetry/traffic.ts";
import { decodeBaggage, decodeForwarded } from "../wire/baggage/mod.ts";
import type { HeaderList } from "../wire/h2/mod.ts";
import { encodeProxyHeader } from "../wire/proxy_protocol/encode.ts";
import type { SecureConnection } from "../net/tls_server.ts";
import { fieldOf, methodFault, refuserOf } from "./connect_request.ts";
import type { ProxyContext, ServedPod } from "./context.ts";
import { type InboundEnd, serveInbound } from "./inbound_connection.ts";
import { lookUpInbound } from "./inbound_lookup.ts";
import { CONNECTIONS_PER_POD_MAX } from "./limits.ts";
import { serviceNames } from "./service_names.ts";
import { baggageOf, spiffeIdOf } from "./workload_texts.ts";

/** A tunnel whose peer has proved who it is. */
export interface Tunnel {
  readonly context: ProxyContext;
  readonly pod: ServedPod;
  /** The proxy at the other end, which shows its pod's address. */
  readonly src: SocketAddress;
  /** Our listener. */
  readonly local: SocketAddress;
  readonly peer: Pick<SecureConnection, "identity" | "spiffeId">;
}

/** A CONNECT request, read. */
interface ConnectRequest {
  readonly authority: string;
  /** `host=` of the `forwarded` header: the service that the client named. */
  readonly forwardedHost: string | undefined;
  /** Waypoints that the connection has passed. */
  readonly hops: number;
  readonly headers: HeaderList;
}

/** Answers one request of a tunnel, and carries its octets when it may. */
export async function serveConnect(
  tunnel: Tunnel,
  stream: H2Stream,
  headers: HeaderList,
): Promise<unknown> {
  const { context, pod, local } = tunnel;
  const refuse = refuserOf(tunnel, stream);
  const fault = methodFault(headers);
  if (fault !== undefined) return refuse(400, fault);
  if (pod.connections.size >= CONNECTIONS_PER_POD_MAX) {
    return refuse(503, `more than ${CONNECTIONS_PER_POD_MAX} connections`);
  }
  const workload = await context.workloadOf(pod.info);
  if (workload === undefined) return refuse(503, "workload not found");
  const hops = readHops(fieldOf(headers, WAYPOINT_HOPS));
  if (hops === undefined) return refuse(400, `not a number: ${WAYPOINT_HOPS}`);
  const request = readConnect(headers, hops);
  const { authority, forwardedHost } = request;
  let target: InboundTarget;
  try {
    const arrived = {
      src: tunnel.src,
      identity: tunnel.peer.identity,
      calledHost: forwardedHost,
    };
    target = await lookUpInbound(
      context,
      workload,
      arrived,
      (mesh) =>
        resolveInbound(mesh, {
          pod: workload,
          localIp: local.ip,
          authority,
          forwardedHost,
        }),
    );
  } catch (reason) {
    return refuse(503, messageOf(reason));
  }
  if (target.kind === "refuse") return refuse(target.status, target.because);
  return deliver(tunnel, stream, { workload, request, target });
}

function readConnect(headers: HeaderList, hops: number): ConnectRequest {
  const forwarded = fieldOf(headers, "forwarded");
  return {
    authority: fieldOf(headers, ":authority") ?? "",
    forwardedHost: forwarded && decodeForwarded(forwarded)?.host,
    hops,
    headers,
  };
}

interface Delivery {
  readonly workload: Workload;
  readonly request: ConnectRequest;
  readonly target: AcceptedTarget;
}

function deliver(
  tunnel: Tunnel,
  stream: H2Stream,
  delivery: Delivery,
): Promise<InboundEnd> {
  const { context, pod, src, peer } = tunnel;
  const { workload, request, target } = delivery;
  return serveInbound(context, {
    pod,
    workload,
    src,
    identity: peer.identity,
    dst: target.dst,
    calledHost: request.forwardedHost,
    hops: request.hops,
    traffic: trafficOf(tunnel, delivery),
    row: {
      direction: "inbound",
      src,
      ...(request.forwardedHost === undefined
        ? {}
        : { originalDst: request.forwardedHost }),
      actualDst: target.dst,
      protocol: "HBONE",
      lane: "hbone",
      relay: "user",
    },
    ...sourceAddress(tunnel, target),
    ...preambleOf(tunnel, target),
    downstream: {
      accept() {
        stream.sendHeaders(okHeaders(context, workload), false);
        return stream;
      },
      refuse: (status) => stream.refuse([[":status", `${status}`]]),
    },
  });
}

function okHeaders({ settings }: ProxyContext, workload: Workload): HeaderList {
  const ok = [":status", "200"] as const;
  if (!settings.responseBaggage) return [ok];
  return [ok, ["baggage", baggageOf(workload)]];
}

/** An application tunnel with PROXY headers is delivered over loopback; others see the client. */
function sourceAddress(
  { context, pod, src }: Tunnel,
  { dst, proxyTarget }: AcceptedTarget,
): { from?: SocketAddress["ip"]; dial?: SocketAddress } {
  if (proxyTarget !== undefined && context.settings.localhostAppTunnel) {
    const loopback =
      (dst.ip.includes(":") ? "::1" : "127.0.0.1") as SocketAddress["ip"];
    return { dial: { ip: loopback, port: dst.port } };
  }
  return pod.transparent ? { from: src.ip } : {};
}

function preambleOf(
  { src, peer }: Tunnel,
  { proxyTarget }: AcceptedTarget,
): { preamble?: Uint8Array } {
  if (proxyTarget === undefined) return {};
  const { spiffeId } = peer;
  const header = { source: src, destination: proxyTarget, spiffeId };
  return { preamble: encodeProxyHeader(header) };
}

function trafficOf(
  { context, src, local, peer }: Tunnel,
  { workload, request, target }: Delivery,
): TrafficContext {
  const source = sourceOf(context, src, request);
  return {
    reporter: "destination",
    src,
    sourcePrincipal: peer.spiffeId,
    dst: local,
    hboneAddress: request.authority,
    mutualTls: true,
    destination: peerOfWorkload(workload),
    destinationPrincipal: spiffeIdOf(workload),
    ...(source === undefined ? {} : { source }),
    ...serviceNames(target.service),
  };
}

/** The record of the address, else what the peer says of itself. */
function sourceOf(
  { mesh, settings }: ProxyContext,
  src: SocketAddress,
  { headers }: ConnectRequest,
): PeerInfo | undefined {
  const network = fieldOf(headers, "x-forwarded-network");
  const fromGateway = network !== undefined &&
    network.toLowerCase() !== settings.network.toLowerCase();
  const record = fromGateway
    ? undefined
    : mesh.workloadByIp(settings.network, src.ip);
  if (record !== undefined) return peerOfWorkload(record);
  if (!settings.responseBaggage) return undefined;
  const said = headers.filter(([name]) => name === "baggage");
  const baggage = decodeBaggage(said.map(([, value]) => value));
  return baggage && peerOfBaggage(baggage);
}
