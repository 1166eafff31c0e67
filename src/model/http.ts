/** HTTP as decisions see it, whatever version carried it. Plain data. */
import type { SocketAddress } from "./address.ts";
import type { Identity } from "./identity.ts";

/**
 * One field. `neverIndexed` marks a value that whoever forwards it over HTTP/2
 * must not put into a table either (RFC 7541, section 7.1.3).
 */
export type HeaderField = readonly [
  name: string,
  value: string,
  neverIndexed?: true,
];

/** Names in lower case, in the order in which they came; a name may repeat. */
export type HeaderList = readonly HeaderField[];

/**
 * Fields that frame one message or belong to one connection (RFC 9110, section
 * 7.6.1). They never go on to another, nor may a route set them: two readers
 * could see two different messages.
 */
export const FRAMING_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** A request without its body. */
export interface HttpRequest {
  /** Case-sensitive. */
  readonly method: string;
  readonly scheme: string;
  /** Host, with the port if the client sent one. */
  readonly authority: string;
  /** With the query, as it is forwarded: after normalisation. */
  readonly path: string;
  /** Without pseudo header fields. */
  readonly headers: HeaderList;
}

/** Who sent a request and where to, as TLS and the tunnel prove it. */
export interface HttpPeer {
  /** The client's pod: the peer of the tunnel, or whom it may vouch for. */
  readonly src: SocketAddress;
  /** undefined when nothing was proved. */
  readonly identity: Identity | undefined;
  /** Service address and service port, or the pod's own when a pod was called. */
  readonly dst: SocketAddress;
}

/** What a verified token says. */
export interface TokenClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  /** `azp`. */
  readonly presenter: string | undefined;
  /** The whole payload. */
  readonly claims: Readonly<Record<string, unknown>>;
}
