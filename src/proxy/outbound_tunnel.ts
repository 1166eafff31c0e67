import { formatAddress, type SocketAddress } from "../model/address.ts";
import type { Workload } from "../model/workload.ts";
import { Deadlines } from "../net/deadlines.ts";
import { dialTcp } from "../net/dial.ts";
import { TunnelError } from "../net/errors.ts";
import type { H2Session } from "../net/h2_session.ts";
import { type H2Stream, StreamResetError } from "../net/h2_stream.ts";
import { CONNECT_RESPONSE_MS } from "../net/limits.ts";
import type { SessionEvents } from "../net/tunnel_pool.ts";
import {
  encodeForwarded,
  encodeTraceparent,
  newTrace,
} from "../wire/baggage/mod.ts";
import { WAYPOINT_HOPS } from "../decide/waypoint_hops.ts";
import { H2Code, type HeaderList } from "../wire/h2/mod.ts";
import type { ProxyContext, ServedPod } from "./context.ts";
import { placeToDialFrom } from "./context.ts";
import { TUNNEL_ATTEMPTS_MAX } from "./limits.ts";
import { statusText } from "./status_text.ts";
import { openSecureSession } from "./tunnel_session.ts";
import { baggageOf, spiffeIdOf } from "./workload_texts.ts";

/** Names the original peer of a connection that a pod turns round to its waypoint. */
export const HAIRPIN_SOURCE = "x-hairpin-source";

/** A tunnel to ask for, and on whose behalf. */
export interface TunnelRequest {
  readonly source: Workload;
  /** The application's own address. */
  readonly src: SocketAddress;
  /** The tunnel's other end. */
  readonly to: SocketAddress;
  readonly authority: string;
  /** SPIFFE IDs of which the other end must prove one. */
  readonly expected: readonly string[];
  /** Host name of the service that was called, where one was. */
  readonly serviceHost?: string;
  /** Waypoints that the connection has passed. Default: none. */
  readonly hops?: number | undefined;
  /** Set when the connection is turned round to its waypoint. */
  readonly hairpin?: {
    /** Whom we vouch for: the SPIFFE ID of the original peer, if it had one. */
    readonly spiffeId: string | undefined;
  };
}

/**
 * Opens a stream of a pooled HBONE tunnel and waits for its 200. No octet of
 * the application has left by then, so a stream that the peer refused unseen,
 * or that was lost with a tunnel from before, is opened again.
 *
 * @throws {DialError | IdentityError | TunnelError | StreamResetError}
 */
export async function openTunnelStream(
  context: ProxyContext,
  pod: ServedPod,
  request: TunnelRequest,
): Promise<H2Stream> {
  for (let attempt = 1;; attempt++) {
    const { stream, reused } = await pod.pool.openStream(
      poolKey(request),
      connectHeaders(context, request),
      (events) => openSession(context, pod, request, events),
    );
    try {
      await acceptanceOf(stream);
      return stream;
    } catch (reason) {
      stream.reset();
      const again = attempt < TUNNEL_ATTEMPTS_MAX && isLost(reason, reused);
      if (!again) throw reason;
    }
  }
}

/** Whether the peer cannot have served the stream, as far as can be told. */
function isLost(reason: unknown, reused: boolean): boolean {
  if (reason instanceof StreamResetError) {
    return reason.errorCode === H2Code.REFUSED_STREAM;
  }
  return reused && reason instanceof TunnelError && reason.stage === "http2";
}

/**
 * Everything that makes two tunnels different, as text that is the same for no
 * two of them: names from a control plane may hold any character.
 */
export const poolKey = (
  { source, to, expected }: Pick<TunnelRequest, "source" | "to" | "expected">,
): string =>
  expected.reduce(
    (key, id) => key + counted(id),
    counted(spiffeIdOf(source)) + counted(formatAddress(to)),
  );

/** A text that says where it ends, whatever it holds. */
const counted = (text: string): string => `${text.length}:${text}`;

async function openSession(
  context: ProxyContext,
  pod: ServedPod,
  { source, to, expected }: TunnelRequest,
  events: SessionEvents,
): Promise<H2Session> {
  const { tuning, packetMark: mark } = context.settings;
  const { session } = await openSecureSession(
    context,
    { source, expected },
    () => dialTcp(to, { ...placeToDialFrom(pod, to.ip), tuning, mark }),
    events,
  );
  return session;
}

/** The CONNECT request. */
export function connectHeaders(
  context: ProxyContext,
  { source, src, authority, serviceHost, hops = 0, hairpin }: TunnelRequest,
): HeaderList {
  const host = serviceHost === undefined ? {} : { host: serviceHost };
  const trace = newTrace((octets) => context.randomBytes(octets));
  return [
    [":method", "CONNECT"],
    [":authority", authority],
    ["baggage", baggageOf(source)],
    ["forwarded", encodeForwarded({ for: src, ...host })],
    ["traceparent", encodeTraceparent(trace)],
    ...(hops === 0 ? [] : [[WAYPOINT_HOPS, `${hops}`] as const]),
    ...(hairpin?.spiffeId === undefined
      ? []
      : [[HAIRPIN_SOURCE, hairpin.spiffeId] as const]),
  ];
}

const responses = new Deadlines(CONNECT_RESPONSE_MS);

/**
 * Waits for the 200.
 *
 * @throws {TunnelError | StreamResetError} when it does not come in time.
 */
export async function acceptanceOf(stream: H2Stream): Promise<HeaderList> {
  const headers = await responseOf(stream);
  requireOk(headers);
  return headers;
}

/** The final response, in time. */
async function responseOf(stream: H2Stream): Promise<HeaderList> {
  const deadline = responses.start(() =>
    stream.giveUp(new TunnelError("connect", "CONNECT response timed out"))
  );
  try {
    return await stream.response();
  } finally {
    deadline.met();
  }
}

function requireOk(headers: HeaderList): void {
  const status = Number(headers.find(([name]) => name === ":status")?.[1]);
  if (status === 200) return;
  throw new TunnelError(
    "connect",
    `http status: ${statusText(status)}`,
    status,
  );
}
