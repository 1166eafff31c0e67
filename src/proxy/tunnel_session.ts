import type { Duplex } from "node:stream";
import type { Workload } from "../model/workload.ts";
import { H2Session, type H2SessionOptions } from "../net/h2_session.ts";
import { peerIdentity } from "../net/peer_identity.ts";
import { StreamSocket } from "../net/stream_socket.ts";
import { connectTls } from "../net/tls_client.ts";
import { NestedTlsTransport } from "../net/nested_tls_transport.ts";
import { TlsTransport } from "../net/tls_transport.ts";
import { identityOf, type ProxyContext } from "./context.ts";
import { OUTBOUND_HEADER_LIST_MAX } from "./limits.ts";

/** Who opens a tunnel to whom. */
export interface TunnelEnds {
  readonly source: Workload;
  /** SPIFFE IDs of which the other end must prove one. */
  readonly expected: readonly string[];
}

/** A tunnel without streams. */
export interface SecureSession {
  readonly session: H2Session;
  /** SPIFFE ID that the other end proved. */
  readonly peer: string;
}

/**
 * Makes a tunnel of a connection: TLS, in which both ends prove who they are,
 * and HTTP/2.
 *
 * @param connect Opens what it goes over, once there is a certificate.
 * @throws {IdentityError | TunnelError} and what `connect` throws.
 */
export async function openSecureSession(
  { settings, certificates, crlGuard }: ProxyContext,
  { source, expected }: TunnelEnds,
  connect: () => Promise<Duplex> | Duplex,
  events: Pick<H2SessionOptions, "onStreamClosed" | "onGoAway" | "onClosed">,
): Promise<SecureSession> {
  const certificate = await certificates.get(identityOf(source));
  const { http2, tls12 } = settings;
  const raw = await connect();
  const socket = await connectTls(raw, { certificate, expected, tls12 });
  const chain = crlGuard?.admit("source", socket);
  const peer = peerIdentity(socket).spiffeId;
  let stop: (() => void) | undefined;
  const transport = raw instanceof StreamSocket
    ? new NestedTlsTransport(socket)
    : new TlsTransport(socket);
  const session = new H2Session(transport, {
    role: "client",
    http2,
    maxHeaderListSize: OUTBOUND_HEADER_LIST_MAX,
    ...events,
    onClosed(reason) {
      stop?.();
      events.onClosed?.(reason);
    },
  });
  if (chain !== undefined && !session.closed) {
    stop = crlGuard?.follow("source", chain, session);
  }
  return { session, peer };
}
