/**
 * The way into another network: a tunnel to a network gateway, and in it one to
 * whom the gateway hands it on to. The gateway sees no octet in the clear.
 */
import { HairpinError, messageOf } from "../base/errors.ts";
import { IdentityError, RevokedError, TunnelError } from "../net/errors.ts";
import { type H2Stream, StreamResetError } from "../net/h2_stream.ts";
import { StreamSocket } from "../net/stream_socket.ts";
import { type PeerInfo, peerOfResponse } from "../telemetry/traffic.ts";
import { decodeBaggage } from "../wire/baggage/mod.ts";
import type { HeaderList } from "../wire/h2/mod.ts";
import type { ProxyContext, ServedPod } from "./context.ts";
import {
  acceptanceOf,
  connectHeaders,
  openTunnelStream,
  type TunnelRequest,
} from "./outbound_tunnel.ts";
import { openSecureSession } from "./tunnel_session.ts";

/** A tunnel to ask a gateway for; `to` and `expected` are the gateway's. */
export interface NestedRequest extends TunnelRequest {
  /** SPIFFE IDs of which the end of the inner tunnel must prove one. */
  readonly expectedInner: readonly string[];
}

/** A stream of the inner tunnel, and who is at its end. */
export interface NestedStream {
  readonly stream: H2Stream;
  /** SPIFFE ID that the other end proved. */
  readonly peer: string;
  /** What it says of its workload; undefined when it says nothing. */
  readonly workload: PeerInfo | undefined;
}

/**
 * Opens a tunnel inside a stream of the gateway's pooled tunnel, for this one
 * connection: were it shared, all that follow would reach the one workload that
 * the gateway chose first. Both tunnels are asked for the same. The inner one
 * closes with its stream.
 *
 * @throws {DialError | IdentityError | TunnelError | StreamResetError} those of
 * the inner tunnel say so.
 */
export async function openNestedStream(
  context: ProxyContext,
  pod: ServedPod,
  request: NestedRequest,
): Promise<NestedStream> {
  const outer = await openTunnelStream(context, pod, request);
  try {
    return await openInner(context, outer, request);
  } catch (reason) {
    outer.reset();
    throw toInnerError(reason);
  }
}

async function openInner(
  context: ProxyContext,
  outer: H2Stream,
  request: NestedRequest,
): Promise<NestedStream> {
  const { source, expectedInner: expected } = request;
  const { network } = context.settings;
  const { session, peer } = await openSecureSession(
    context,
    { source, expected },
    () => new StreamSocket(outer),
    { onStreamClosed: () => session.drain() },
  );
  const headers = connectHeaders(context, request);
  const stream = session.open([...headers, [FORWARDED_NETWORK, network]]);
  if (stream === undefined) {
    session.destroy();
    throw new TunnelError("http2", "connection closed");
  }
  try {
    const workload = workloadOf(await acceptanceOf(stream));
    return { stream, peer, workload };
  } catch (reason) {
    session.destroy();
    throw reason;
  }
}

/** Tells the far end that the source is of another network, where addresses may be its own too. */
const FORWARDED_NETWORK = "x-forwarded-network";

function workloadOf(response: HeaderList): PeerInfo | undefined {
  const said = response.filter(([name]) => name === "baggage");
  const baggage = decodeBaggage(said.map(([, value]) => value));
  return baggage && peerOfResponse(baggage);
}

/** The same, saying which of the two tunnels it was. */
function toInnerError(reason: unknown): unknown {
  if (reason instanceof RevokedError) return reason;
  const text = `inner tunnel: ${messageOf(reason)}`;
  if (reason instanceof IdentityError) {
    return new IdentityError(text, reason.whose);
  }
  if (reason instanceof TunnelError) {
    return new TunnelError(reason.stage, text, reason.status);
  }
  if (reason instanceof StreamResetError) return new TunnelError("http2", text);
  if (reason instanceof HairpinError) return reason;
  return new TunnelError("tls", text);
}
