/** What an access log tells of one request or TCP connection at a waypoint. */
import { formatAddress, type SocketAddress } from "../model/address.ts";
import type { HeaderList, HttpRequest } from "../model/http.ts";
import { type EnvoyFlag, formatFlags } from "./response_flags.ts";

/** One request with its response, or one TCP connection, when it has ended. */
export interface HttpAccessEntry {
  /** When the request began, or the connection was accepted. */
  readonly start: Date;
  /** As the client sent it, before a route changed it; undefined for TCP. */
  readonly request?: HttpRequest | undefined;
  /** Between the client and us, such as `HTTP/1.1`; undefined for TCP. */
  readonly protocol?: string | undefined;
  /** 0 when the client left before there was one, and for TCP. */
  readonly responseCode: number;
  readonly responseFlags: readonly EnvoyFlag[];
  /** Who decided about the response and why, such as `via_upstream`. */
  readonly responseCodeDetails?: string | undefined;
  /** Why the connection to the client was ended. */
  readonly connectionTerminationDetails?: string | undefined;
  /** Why the upstream could not be reached. */
  readonly upstreamFailure?: string | undefined;
  /** Octets of the request's body, or of what the client sent. */
  readonly bytesReceived: number;
  /** Octets of the response's body, or of what the client was sent. */
  readonly bytesSent: number;
  readonly durationMs: number;
  /** From the end of the request to the head of the upstream's response. */
  readonly upstreamServiceTimeMs?: number | undefined;
  /** The service that the request was sent on to, and its port. */
  readonly backend?:
    | { readonly hostname: string; readonly port: number }
    | undefined;
  readonly upstream?: UpstreamHost | undefined;
  /** Service address and port that was asked for. */
  readonly downstreamLocal: SocketAddress;
  /** The client's pod. */
  readonly downstreamRemote: SocketAddress;
  /** Of a TLS connection that is passed on as it is. */
  readonly requestedServerName?: string | undefined;
  readonly routeName?: string | undefined;
  /** `namespace/name` of the policy that decided. */
  readonly policy?: string | undefined;
  /** Set when the destination turned the connection round to us. */
  readonly hairpin?: HairpinOrigin | undefined;
}

/** The endpoint that was chosen, and how it is reached. */
export interface UpstreamHost {
  readonly address: SocketAddress;
  /** Whether by an HBONE tunnel. */
  readonly tunnelled: boolean;
  /** Our own end of the connection. */
  readonly local?: SocketAddress | undefined;
}

/** Whom the destination vouched for. */
export interface HairpinOrigin {
  /** SPIFFE ID; undefined when the client had proved none. */
  readonly source?: string | undefined;
}

/**
 * Longest value of a client's that is written, in characters; the rest of it is
 * cut off. Own choice: a header block may be far longer than a reader's line.
 */
export const LOGGED_VALUE_MAX = 4_096;

/** What ends a value that was cut off. */
const CUT = "...";

/** Whom a hairpin vouched for, where the client had proved nothing. */
const UNKNOWN_ORIGIN = "unknown";

/** Envoy's JSON keys in their order, then hairpin's own; null for what there is not. */
export type AccessFields = Readonly<ReturnType<typeof accessFields>>;

/** All of it raw: whoever writes it escapes it. */
export function accessFields(entry: HttpAccessEntry) {
  const { request, upstream } = entry;
  const sent = headersOf(request?.headers ?? []);
  return {
    start_time: entry.start.toISOString(),
    route_name: text(entry.routeName),
    method: text(request?.method),
    path: text(request?.path),
    protocol: text(entry.protocol),
    response_code: entry.responseCode,
    response_flags: formatFlags(entry.responseFlags),
    response_code_details: text(entry.responseCodeDetails),
    connection_termination_details: text(entry.connectionTerminationDetails),
    bytes_received: entry.bytesReceived,
    bytes_sent: entry.bytesSent,
    duration: Math.round(entry.durationMs),
    upstream_service_time: serviceTime(entry.upstreamServiceTimeMs),
    x_forwarded_for: text(sent["x-forwarded-for"]),
    user_agent: text(sent["user-agent"]),
    request_id: text(sent["x-request-id"]),
    authority: text(request?.authority),
    upstream_host: hostText(upstream),
    upstream_cluster: clusterText(entry),
    upstream_local_address: addressText(upstream?.local),
    downstream_local_address: formatAddress(entry.downstreamLocal),
    downstream_remote_address: formatAddress(entry.downstreamRemote),
    requested_server_name: text(entry.requestedServerName),
    upstream_transport_failure_reason: text(entry.upstreamFailure),
    policy: text(entry.policy),
    hairpin_source: originText(entry.hairpin),
  };
}

function text(value: string | undefined): string | null {
  if (value === undefined || value === "") return null;
  return value.length <= LOGGED_VALUE_MAX
    ? value
    : value.slice(0, LOGGED_VALUE_MAX) + CUT;
}

type LoggedHeader = "x-forwarded-for" | "user-agent" | "x-request-id";

/** All values of a header that repeats, so that no second one goes unseen. */
function headersOf(headers: HeaderList): Partial<Record<LoggedHeader, string>> {
  const values: Partial<Record<LoggedHeader, string>> = {};
  for (const [name, value] of headers) {
    if (!isLogged(name)) continue;
    const before = values[name];
    values[name] = before === undefined ? value : `${before},${value}`;
  }
  return values;
}

const isLogged = (name: string): name is LoggedHeader =>
  name === "user-agent" || name === "x-request-id" ||
  name === "x-forwarded-for";

/** A string, as every header's value is in Envoy's log, where it is one. */
const serviceTime = (milliseconds: number | undefined): string | null =>
  milliseconds === undefined ? null : `${Math.round(milliseconds)}`;

const addressText = (address: SocketAddress | undefined): string | null =>
  address === undefined ? null : formatAddress(address);

/** Behind a tunnel, by the name that Istio's waypoints give such an endpoint. */
function hostText(upstream: UpstreamHost | undefined): string | null {
  if (upstream === undefined) return null;
  const address = formatAddress(upstream.address);
  return upstream.tunnelled ? `envoy://connect_originate/${address}` : address;
}

/** By the name that Istio's waypoints give a service's endpoints. */
function clusterText({ backend, request }: HttpAccessEntry): string | null {
  if (backend === undefined) return null;
  const kind = request === undefined ? "tcp" : "http";
  return `inbound-vip|${backend.port}|${kind}|${backend.hostname}`;
}

function originText(hairpin: HairpinOrigin | undefined): string | null {
  if (hairpin === undefined) return null;
  return text(hairpin.source) ?? UNKNOWN_ORIGIN;
}
