/** SOCKS5 in a pod: another way to say where a connection is to go. */
import { messageOf } from "../../base/errors.ts";
import type { SocketAddress } from "../../model/address.ts";
import {
  isOutboundSelfCall,
  SELF_CALL,
  SELF_PORTS_WITH_SOCKS5,
} from "../../decide/self_ports.ts";
import type { Accepted } from "../../net/listen.ts";
import {
  encodeSocksReply,
  SocksReply,
  type SocksTarget,
} from "../../wire/socks5/mod.ts";
import type { ProxyContext, ServedPod } from "../context.ts";
import { serveOutbound } from "../outbound.ts";
import { readTarget, SocksError } from "./handshake.ts";
import { NEGOTIATION_MS } from "./limits.ts";

/**
 * Serves one client. It is told of success before its connection is tried, as
 * ztunnel does: what goes wrong then shows as a reset.
 */
export async function serveSocks5(
  context: ProxyContext,
  pod: ServedPod,
  accepted: Accepted,
): Promise<void> {
  const { socket } = accepted;
  const refuse = (code: number, error: string) => {
    context.log("proxy::socks5").warn("failed to negotiate socks connection", {
      error,
    });
    socket.end(encodeSocksReply(code));
    socket.resume(); // closed with octets unread it would be reset
    socket.setTimeout(NEGOTIATION_MS, () => socket.destroy());
  };
  try {
    const target = await readTarget(socket);
    const original = await addressOf(pod, target);
    if (original === undefined) {
      return refuse(SocksReply.hostUnreachable, "no address for the name");
    }
    if (isOutboundSelfCall(original, SELF_PORTS_WITH_SOCKS5)) {
      return refuse(SocksReply.notAllowed, SELF_CALL);
    }
    await written(socket, encodeSocksReply(SocksReply.succeeded));
    await serveOutbound(context, pod, {
      stream: accepted.stream,
      peer: accepted.peer,
      local: accepted.local,
      original,
    });
  } catch (reason) {
    if (!(reason instanceof SocksError)) throw reason;
    if (reason.reached) {
      return refuse(SocksReply.commandNotSupported, messageOf(reason));
    }
    refuseSilently(context, accepted, reason);
  }
}

function refuseSilently(
  context: ProxyContext,
  { socket }: Accepted,
  reason: SocksError,
): void {
  socket.destroy();
  context.log("proxy::socks5").warn("failed to negotiate socks connection", {
    error: messageOf(reason),
  });
}

/** The first one is what the listener speaks. */
const FAMILIES = [4, 6] as const;

/** By the pod's own DNS; undefined when a name has no address. */
async function addressOf(
  pod: ServedPod,
  target: SocksTarget,
): Promise<SocketAddress | undefined> {
  const { port } = target;
  if ("ip" in target) return { ip: target.ip, port };
  const name = target.domain.replace(/\.$/, "");
  const found = await Promise.all(
    FAMILIES.map((family) => pod.lookUp?.(name, family) ?? []),
  );
  const [ip] = found.flat();
  return ip && { ip, port };
}

/** Resolves once the runtime holds nothing back: the relay writes past it. */
const written = (
  socket: Accepted["socket"],
  octets: Uint8Array,
): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.write(octets, (error) => error ? reject(gone(error)) : resolve());
  });

const gone = (reason: Error) => new SocksError(messageOf(reason), false);
