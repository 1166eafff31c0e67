/** Connections and queries that show what answers; each ends in {@link PROBE_MS}. */
import { connect, type TLSSocket } from "node:tls";
import { messageOf } from "../../base/errors.ts";
import type { Ip, SocketAddress } from "../../model/address.ts";
import { dialTcp } from "../../net/dial.ts";
import { identityOfCertificate } from "../../net/peer_identity.ts";
import { UdpSocket } from "../../net/udp_socket.ts";
import type { Fd } from "../../sys/libc.ts";
import { encodeQuery, RecordType } from "../../wire/dns/mod.ts";
import { openConnections } from "./gather.ts";
import type { HostProbe, TunnelAnswer } from "./judge_pod.ts";
import { PROBE_MS } from "./limits.ts";

/** Nobody's address (RFC 5737): who answers for it has captured the query. */
const NO_RESOLVER = { ip: "192.0.2.53" as Ip, port: 53 };

/** A handshake without a certificate of our own, from where the node stands. */
export async function probeTunnel(to: SocketAddress): Promise<TunnelAnswer> {
  try {
    const socket = await dialTcp(to, { tuning: {}, timeoutMs: PROBE_MS });
    return await handshake(connect({
      socket,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
    }));
  } catch (reason) {
    return { kind: "problem", text: messageOf(reason) };
  }
}

/** A server that wants a certificate closes right behind the handshake (RFC 8446, section 4.4.2.4). */
function handshake(tls: TLSSocket): Promise<TunnelAnswer> {
  return new Promise((resolve) => {
    let spiffeId: string | undefined;
    const end = (asked: boolean, text: string) => {
      clearTimeout(timer);
      tls.destroy();
      resolve(
        spiffeId === undefined
          ? { kind: "problem", text }
          : { kind: "identity", spiffeId, asked },
      );
    };
    const timer = setTimeout(
      () => end(false, "no TLS handshake in time"),
      PROBE_MS,
    );
    tls.on("secureConnect", () => {
      try {
        spiffeId = identityOfCertificate(tls.getPeerCertificate()).spiffeId;
      } catch (reason) {
        end(false, messageOf(reason));
      }
    });
    tls.on("error", (reason) => end(true, messageOf(reason)));
    tls.on("end", () => end(true, "closed during the TLS handshake"));
    tls.on("close", () => end(true, "closed during the TLS handshake"));
    // Only who takes clients without a certificate speaks to one.
    tls.on("data", () => end(false, "data before a TLS handshake"));
  });
}

/** Whether anything comes back for a query in the pod, whatever it says. */
export function probeDns(netns: Fd, name: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), PROBE_MS);
  let socket: UdpSocket | undefined;
  try {
    socket = UdpSocket.connect(NO_RESOLVER, { netns }, {
      onDatagram: () => resolve(true),
      onError: () => resolve(false),
    });
    socket.send(encodeQuery(1, name, RecordType.A));
  } catch {
    resolve(false); // the pod has no way out
  }
  return promise.finally(() => {
    clearTimeout(timer);
    socket?.[Symbol.dispose]();
  });
}

/** Connects from the node, and looks in the pod who is seen there. */
export async function probeFromHost(
  netns: Fd,
  to: SocketAddress,
  source: Ip,
): Promise<HostProbe> {
  const { port } = to;
  try {
    const socket = await dialTcp(to, { tuning: {}, timeoutMs: PROBE_MS });
    socket.on("error", () => {});
    const open = await openConnections(netns);
    socket.destroy();
    if (open === undefined) return { kind: "unknown" };
    const direct = open.some((row) =>
      row.localPort === port && row.peer === source
    );
    return { kind: "seen", port, direct };
  } catch (reason) {
    return { kind: "failed", port, why: messageOf(reason) };
  }
}
