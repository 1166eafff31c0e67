/** What reaches a pod in an HBONE tunnel. */
import { messageOf } from "../base/errors.ts";
import type { Workload } from "../model/workload.ts";
import { TlsTransport } from "../net/tls_transport.ts";
import { H2Session } from "../net/h2_session.ts";
import type { H2Stream } from "../net/h2_stream.ts";
import type { Accepted } from "../net/listen.ts";
import type { SecureConnection } from "../net/tls_server.ts";
import type { PeerChain } from "../net/revocations.ts";
import type { HeaderList } from "../wire/h2/mod.ts";
import { identityOf, type ProxyContext, type ServedPod } from "./context.ts";
import { workloadUnknown } from "./failure.ts";
import { serveConnect, type Tunnel } from "./inbound_request.ts";
import { INBOUND_HEADER_LIST_MAX, INBOUND_STREAMS_MAX } from "./limits.ts";

/** Answers one request of a tunnel, and carries what comes through it. */
export type ServeRequest = (
  tunnel: Tunnel,
  stream: H2Stream,
  headers: HeaderList,
) => Promise<unknown>;

/**
 * Serves one TCP connection to port 15008 of `pod`.
 *
 * @param serve Default: to the pod itself.
 */
export async function serveInboundTunnel(
  context: ProxyContext,
  pod: ServedPod,
  { socket, peer: src, local }: Accepted,
  serve: ServeRequest = serveConnect,
): Promise<void> {
  // Errors before TLS takes over show as a handshake that fails.
  socket.on("error", () => {});
  const refuse = (error: string) => {
    socket.destroy();
    const dst = local;
    context.accessLog.failed({ src, dst, direction: "inbound", error });
  };
  const workload = await context.workloadOf(pod.info);
  if (workload === undefined) return refuse(workloadUnknown(pod));
  const server = await serverFor(context, workload).catch(messageOf);
  if (typeof server === "string") return refuse(`signing error: ${server}`);
  let secure: SecureConnection;
  let chain: PeerChain | undefined;
  try {
    secure = await server.handshake(socket);
    chain = context.crlGuard?.admit("destination", secure.socket);
  } catch (reason) {
    return refuse(`tls handshake error: ${messageOf(reason)}`);
  }
  const tunnel = { context, pod, src, local, peer: secure };
  let stop: (() => void) | undefined;
  const session = serveSession(tunnel, secure, serve, () => stop?.());
  if (chain !== undefined && !session.closed) {
    stop = context.crlGuard?.follow("destination", chain, session);
  }
}

async function serverFor(context: ProxyContext, workload: Workload) {
  const identity = identityOf(workload);
  const certificate = await context.certificates.get(identity);
  return context.tlsServers.get(certificate, identity.trustDomain);
}

function serveSession(
  tunnel: Tunnel,
  { socket }: SecureConnection,
  serve: ServeRequest,
  onClosed: () => void,
): H2Session {
  const { context, pod } = tunnel;
  const log = context.log("proxy::inbound");
  const session = new H2Session(new TlsTransport(socket), {
    role: "server",
    http2: context.settings.http2,
    maxConcurrentStreams: INBOUND_STREAMS_MAX,
    maxHeaderListSize: INBOUND_HEADER_LIST_MAX,
    onRequest: (stream, headers) => {
      serve(tunnel, stream, headers).catch((reason: unknown) => {
        stream.reset();
        log.error("cannot serve a request", { error: messageOf(reason) });
      });
    },
    onClosed(reason) {
      onClosed();
      pod.inboundSessions.delete(session);
      if (reason !== undefined) {
        log.debug("tunnel closed", { error: messageOf(reason) });
      }
    },
  });
  pod.inboundSessions.add(session);
  return session;
}
